using System.Diagnostics;
using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Backends.Cuda;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Quantization;
using GptQuantBench.Inference.Sampling;

namespace GptQuantBench.Gpu.Tests.Backends;

/// <summary>What sweeps ask of a session: steps at a depth, times of single ids, launches of a step.</summary>
public sealed class SessionTests
{
    [Theory]
    [MemberData(nameof(ModelTests.PathsAndFormats), MemberType = typeof(ModelTests))]
    public void Extending_at_any_depth_gives_what_one_generation_gives(string decode, string name)
    {
        using OpenedModel model = TestModels.Nano();
        using CudaLanguageModel cuda = TestModels.OnCuda(model, QuantizationFormat.Parse(name), decode);
        using IDecodingSession session = cuda.CreateSession(128);
        int[] prompt = TestModels.Ids(5, model.Configuration.VocabularySize);
        int[] expected = new int[40], extended = new int[30], again = new int[20];
        session.Generate(prompt, expected, SamplingOptions.Greedy);

        // A step at a time from position 14 on: the same kernels on the same values, so the same ids.
        session.Rewind(14);
        session.Extend([expected[9]], extended, SamplingOptions.Greedy);
        Assert.Equal(expected[10..], extended);
        Assert.Equal(44, session.Position);
        session.Rewind(24);
        session.Extend([expected[19]], again, SamplingOptions.Greedy);
        Assert.Equal(expected[20..], again);
        Assert.Throws<ArgumentOutOfRangeException>(() => session.Rewind(45));
    }

    [Theory]
    [MemberData(nameof(ModelTests.PathsAndFormats), MemberType = typeof(ModelTests))]
    public void Timed_ids_are_the_same_and_their_device_times_make_up_less_than_the_whole(string decode, string name)
    {
        using OpenedModel model = TestModels.Nano();
        using CudaLanguageModel cuda = TestModels.OnCuda(model, QuantizationFormat.Parse(name), decode);
        using IDecodingSession session = cuda.CreateSession(64);
        SamplingOptions sampling = new(0.8f, 0.9f, 3);
        int[] expected = new int[30], timed = new int[30];
        session.Generate([1, 2, 3], expected, sampling);
        double[] milliseconds = new double[29];
        long start = Stopwatch.GetTimestamp();
        session.GenerateTimed([1, 2, 3], timed, sampling, milliseconds);
        double whole = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        Assert.Equal(expected, timed);
        Assert.All(milliseconds, time => Assert.True(time > 0));
        Assert.True(milliseconds.Sum() < whole);
    }

    [Theory]
    [MemberData(nameof(ModelTests.PathsAndFormats), MemberType = typeof(ModelTests))]
    public void Launches_of_a_step_are_counted(string decode, string name)
    {
        using OpenedModel model = TestModels.Nano();
        using CudaLanguageModel cuda = TestModels.OnCuda(model, QuantizationFormat.Parse(name), decode);
        using IDecodingSession session = cuda.CreateSession(64);
        session.Generate([1, 2, 3], new int[10], SamplingOptions.Greedy);
        DecodeStepCost? cost = session.StepCost;
        Assert.NotNull(cost);
        if (decode == "persistent")
        {
            Assert.Equal(1, cost.Launches); // one for all ids, rounded up
        }
        else
        {
            Assert.InRange(cost.Launches, 5 * model.Configuration.LayerCount, 30 * model.Configuration.LayerCount + 30);
        }

        Assert.True(cost.HostTime > TimeSpan.Zero);
    }
}
