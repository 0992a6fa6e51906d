using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Backends.Cuda;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;
using GptQuantBench.Inference.Sampling;

namespace GptQuantBench.Gpu.Tests.Backends;

/// <summary>What the program asks of the backend besides models.</summary>
public sealed class BackendTests
{
    [Fact]
    public void The_device_is_described_started_and_measured()
    {
        Gpu.Require();
        IBackend backend = BackendRegistry.Find("cuda");
        BackendOptions options = new();
        BackendAvailability availability = backend.Probe(options);
        Assert.True(availability.IsAvailable, availability.Reason);
        DeviceFacts facts = backend.Describe(options)!;
        Assert.Equal(availability.Device, facts.Name);
        Assert.InRange(facts.MemoryBytes, 1L << 30, 1L << 40);

        PlannedModel[] planned = [new(ModelCatalogue.Get("gpt2").Configuration, QuantizationFormat.EightBit)];
        backend.Start(options, planned);
        BackendStartup second = backend.Start(options, planned);
        Assert.InRange(second.ContextTime!.Value + second.JitTime!.Value, TimeSpan.Zero, TimeSpan.FromMilliseconds(50));
        Assert.InRange(backend.ReadMemory(options)!.UsedBytes, 1, facts.MemoryBytes);

        // Any GPU of compute capability 8.0 reads faster than 100 GB/s, none faster than 20 TB/s.
        using IDeviceProbe probe = backend.KernelBench(options).CreateReadProbe(1);
        Assert.InRange(ProbeRate.Median(probe, ProbeRate.Passes, pass => pass.BytesPerPass), 1e11, 2e13);
    }

    [Fact]
    public void A_device_that_is_not_there_is_one_sentence()
    {
        Gpu.Require();
        BackendAvailability availability = new CudaBackend().Probe(new BackendOptions(Device: 99));
        Assert.False(availability.IsAvailable);
        Assert.Contains("99", availability.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Kernels_from_a_folder_replace_the_embedded_ones()
    {
        Gpu.Require();
        string folder = Directory.CreateTempSubdirectory("gptquantbench-ptx-").FullName;
        try
        {
            using OpenedModel model = TestModels.Synthetic("odd");
            BackendOptions options = new(KernelDirectory: folder);
            Assert.Throws<ModelFormatException>(() => new CudaBackend().Load(model, QuantizationFormat.Fp16, options));

            // The embedded kernels with one constant changed: the residual stream is no longer scaled as layer norm says.
            string architecture = new PtxStore(null, Gpu.Require().Device.ComputeCapability).Architecture;
            string name = $"weights_fp16.{architecture}.ptx";
            using Stream embedded = typeof(CudaBackend).Assembly.GetManifestResourceStream("ptx/" + name)!;
            using StreamReader reader = new(embedded);
            string ptx = reader.ReadToEnd();
            Assert.Contains("rsqrt.approx.ftz.f32", ptx, StringComparison.Ordinal);
            File.WriteAllText(Path.Combine(folder, name), ptx.Replace("rsqrt.approx.ftz.f32", "sqrt.approx.ftz.f32", StringComparison.Ordinal));

            int[] ids = [1, 2, 3];
            using CudaLanguageModel usual = TestModels.OnCuda(model, QuantizationFormat.Fp16);
            using ILanguageModel changed = new CudaBackend().Load(model, QuantizationFormat.Fp16, options);
            double difference = Numbers.RelativeError(TestModels.Logits(changed, ids), TestModels.Logits(usual, ids));
            Assert.True(difference > 0.01, $"The logits differ by {difference:g3} only.");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Loading_and_disposing_again_and_again_leaves_the_devices_memory_alone()
    {
        using OpenedModel model = TestModels.Nano();
        long first = 0;
        for (int i = 0; i < 30; i++)
        {
            using (CudaLanguageModel cuda = TestModels.OnCuda(model, QuantizationFormat.All[i % 3]))
            using (IDecodingSession session = cuda.CreateSession(128))
            {
                session.Generate([464, 2003], new int[4], SamplingOptions.Greedy);
            }

            long free = Gpu.Require().GetMemoryInfo().FreeBytes;
            first = i < 3 ? free : first;
            Assert.InRange(free, first - (2L << 20), long.MaxValue);
        }
    }
}
