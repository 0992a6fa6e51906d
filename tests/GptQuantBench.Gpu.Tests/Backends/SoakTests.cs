using GptQuantBench.Cuda;
using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Backends.Cuda;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Quantization;
using GptQuantBench.Inference.Sampling;
using GptQuantBench.Inference.Tests.Soak;

namespace GptQuantBench.Gpu.Tests.Backends;

/// <summary>Long runs on the GPU, with GPTQUANTBENCH_SOAK=1 (eng/soak.sh PROGRAMS). Figures go to the test's output.</summary>
public sealed class SoakTests
{
    private const int Cases = 200;
    private const int WarmCases = 20;

    private static readonly QuantizationFormat[] _formats = [QuantizationFormat.Fp16, QuantizationFormat.EightBit, QuantizationFormat.FourBit];

    /// <summary>Decode path, format, tokens at least. The persistent kernel, which waits for its own blocks, has a million in all.</summary>
    public static TheoryData<string, string, int> Runs =>
    [
        .. _formats.Select(format => ("graph", format.Name, 100_000)),
        .. _formats.Select(format => ("persistent", format.Name, 334_000)),
    ];

    [Fact]
    public void TwoHundredCasesInOneProcessGrowNothing()
    {
        SkipUnlessAsked();
        using OpenedModel model = TestModels.Nano();
        CudaContext context = Gpu.Require();
        ProcessState warm = default;
        long warmFree = 0;
        for (int i = 0; i < Cases; i++)
        {
            CudaLanguageModel cuda = TestModels.OnCuda(model, _formats[i % _formats.Length]);
            using (cuda)
            using (IDecodingSession session = cuda.CreateSession(64))
            {
                session.Generate([464, 2003, 286, 9552, 318], new int[50], new SamplingOptions(0.8f, 0.9f, (ulong)i));
            }

            Assert.Equal(0, cuda.Memory.TotalBytes);
            if (i == WarmCases)
            {
                warm = ProcessState.Now();
                warmFree = context.GetMemoryInfo().FreeBytes;
            }
        }

        ProcessState last = ProcessState.Now();
        Say($"after {WarmCases} cases {warm}, {warmFree} bytes free on the device; after {Cases} {last}, {context.GetMemoryInfo().FreeBytes}");
        Assert.Equal(warmFree, context.GetMemoryInfo().FreeBytes);
        Assert.InRange(last.Handles, 1, warm.Handles);
        Assert.InRange(last.Threads, 1, warm.Threads + 2);
        Assert.InRange(last.ManagedBytes - warm.ManagedBytes, long.MinValue, 2_000_000);
        // A case that kept its weights would cost 180 times 6 MB at least.
        Assert.InRange(last.ResidentBytes - warm.ResidentBytes, long.MinValue, 50_000_000);
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public void ManyTokensAreFiniteAndRepeat(string decode, string name, int least)
    {
        SkipUnlessAsked();
        using OpenedModel model = TestModels.Nano();
        using CudaLanguageModel cuda = TestModels.OnCuda(model, QuantizationFormat.Parse(name), decode);
        int length = model.Configuration.ContextLength - 3;
        using IDecodingSession session = cuda.CreateSession(model.Configuration.ContextLength);
        int[] first = new int[length], again = new int[length];
        int tokens = 0;
        for (ulong seed = 0; tokens < least; seed++, tokens += 2 * length)
        {
            // Logits that are not finite throw, and so does a wait of the persistent kernel that is given up.
            SamplingOptions sampling = new(0.8f, 0.9f, seed);
            session.Generate([1, 2, 3], first, sampling);
            session.Generate([1, 2, 3], again, sampling);
            Assert.Equal(first, again);
        }

        Say($"{decode}, {name}: {tokens} tokens");
    }

    private static void SkipUnlessAsked() =>
        Assert.SkipUnless(Environment.GetEnvironmentVariable("GPTQUANTBENCH_SOAK") == "1", "Takes long; eng/soak.sh PROGRAMS runs it.");

    private static void Say(string text) => TestContext.Current.TestOutputHelper?.WriteLine(text);
}
