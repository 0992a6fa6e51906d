using System.Diagnostics;
using GptQuantBench.Cuda;
using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Backends.Cuda;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;
using GptQuantBench.Inference.Sampling;

namespace GptQuantBench.Gpu.Tests.Backends;

/// <summary>The FP16 that 8-bit and 4-bit are compared with is the fastest FP16 there is: a speedup over a weak baseline would be none.</summary>
public sealed class BaselineTests
{
    private const int WarmUps = 2;
    private const int Rounds = 15;

    /// <summary>
    /// Medians of runs that take turns differ by less than 1 % on an idle device; 3 % leaves room for a busy host. The other paths are far
    /// behind (on an H100 about half as fast), so a default that stopped being the fastest would show.
    /// </summary>
    private const double Margin = 1.03;

    private static readonly int[] _prompt = [464, 2003, 286, 9552, 318];

    [Fact]
    public void The_default_decode_path_is_the_fastest_of_FP16()
    {
        using CudaBlas blas = Gpu.RequireBlas(Gpu.Require());
        using OpenedModel model = TestModels.Synthetic(ModelCatalogue.Get("gpt2").Configuration);
        string[] paths = [.. DecodePaths.Of(QuantizationFormat.Fp16)];
        Assert.Contains("cublas", paths);
        CudaLanguageModel[] models = [.. paths.Select(path => TestModels.OnCuda(model, QuantizationFormat.Fp16, path))];
        Assert.Single(models.Select(loaded => loaded.Memory.WeightBytes).Distinct()); // all paths read the one copy
        IDecodingSession[] sessions = [.. models.Select(loaded => loaded.CreateSession(64))];
        double[][] milliseconds = [.. paths.Select(_ => new double[Rounds])];
        int[] ids = new int[50];
        for (int round = -WarmUps; round < Rounds; round++)
        {
            for (int path = 0; path < paths.Length; path++)
            {
                long start = Stopwatch.GetTimestamp();
                sessions[path].Generate(_prompt, ids, SamplingOptions.Greedy);
                if (round >= 0)
                {
                    milliseconds[path][round] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                }
            }
        }

        Array.ForEach(sessions, session => session.Dispose());
        Array.ForEach(models, loaded => loaded.Dispose());
        double[] medians = [.. milliseconds.Select(samples => samples.Order().ElementAt(Rounds / 2))];
        string report = string.Join(", ", paths.Zip(medians, (path, median) => $"{path} {median:F2} ms"));
        TestContext.Current.SendDiagnosticMessage(report);
        double baseline = medians[Array.IndexOf(paths, models[0].DefaultDecode)];
        Assert.All(medians, median => Assert.True(baseline <= median * Margin, report));
    }
}
