using System.Diagnostics;
using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Backends.Cpu;
using GptQuantBench.Inference.Backends.Cpu.Kernels;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Quantization;
using GptQuantBench.Inference.Sampling;

namespace GptQuantBench.Inference.Tests.Soak;

/// <summary>Long runs on the CPU; minutes, so only with GPTQUANTBENCH_SOAK=1 (eng/soak.sh). Figures go to the test's output.</summary>
public sealed class SoakTests
{
    private const int Cases = 500;
    private const int WarmCases = 50;
    private const long Tokens = 1_000_000;
    private const int Repeats = 100;

    private static readonly string[] _formats = ["FP16", "8-bit", "4-bit"];

    [Fact]
    public void FiveHundredCasesInOneProcessGrowNothing()
    {
        SkipUnlessAsked();
        ProcessState warm = default;
        for (int i = 0; i < Cases; i++)
        {
            var ledger = new MemoryLedger();
            using (CpuLanguageModel model = Load("deep-f16", _formats[i % _formats.Length], ledger))
            using (IDecodingSession session = model.CreateSession(64))
            {
                session.Generate([1, 2, 3], new int[20], new SamplingOptions(0.8f, 0.9f, (ulong)i));
            }

            Assert.Equal(0, ledger.Usage.TotalBytes);
            if (i == WarmCases)
            {
                warm = ProcessState.Now();
            }
        }

        ProcessState last = ProcessState.Now();
        Say($"after {WarmCases} cases {warm}; after {Cases} {last}");
        Assert.Equal(warm.Handles, last.Handles);
        Assert.InRange(last.Threads, 1, warm.Threads + 2);
        // A case that kept its weights, the smallest thing to leak, would cost 450 times 250 kB.
        Assert.InRange(last.ManagedBytes - warm.ManagedBytes, long.MinValue, 2_000_000);
        Assert.InRange(last.ResidentBytes - warm.ResidentBytes, long.MinValue, 30_000_000);
    }

    [Theory]
    [InlineData("FP16")]
    [InlineData("8-bit")]
    [InlineData("4-bit")]
    public void AMillionTokensAreFiniteAndRepeat(string format)
    {
        SkipUnlessAsked();
        var clock = Stopwatch.StartNew();
        using CpuLanguageModel model = Load("deep-f16", format, new MemoryLedger());
        int length = model.Configuration.ContextLength - 3;
        using IDecodingSession session = model.CreateSession(model.Configuration.ContextLength);
        int[] first = new int[length];
        int[] again = new int[length];
        long tokens = 0;
        for (ulong seed = 0; tokens < Tokens / 3; seed++)
        {
            // Logits that are not finite throw.
            var sampling = new SamplingOptions(0.8f, 0.9f, seed);
            session.Generate([1, 2, 3], first, sampling);
            session.Generate([1, 2, 3], again, sampling);
            Assert.Equal(first, again);
            tokens += 2 * length;
        }

        Say($"{format}: {tokens} tokens in {clock.Elapsed.TotalSeconds:0} s");
    }

    [Fact]
    public void AHundredRunsOfASeedAreEqual()
    {
        SkipUnlessAsked();
        var sampling = new SamplingOptions(0.8f, 0.9f, 42);
        int[]? expected = null;
        for (int i = 0; i < Repeats; i++)
        {
            using CpuLanguageModel model = Load("../gpt2-nano", "4-bit", new MemoryLedger());
            using IDecodingSession session = model.CreateSession(64);
            int[] ids = new int[50];
            session.Generate([464, 2003, 286, 9552, 318], ids, sampling);
            expected ??= ids;
            Assert.Equal(expected, ids);
        }

        Say($"{Repeats} loads and generations: {string.Join(' ', expected!.Take(8))} ...");
    }

    private static CpuLanguageModel Load(string name, string format, MemoryLedger ledger)
    {
        using OpenedModel opened = OpenedModel.Open(ModelLocator.FromDirectory(Path.Combine(Fixtures.Root, "variants", name)));
        return new(opened, QuantizationFormat.Parse(format), CpuKernels.All.First(kernel => kernel.IsSupported), Products.Float, ledger);
    }

    private static void SkipUnlessAsked() =>
        Assert.SkipUnless(Environment.GetEnvironmentVariable("GPTQUANTBENCH_SOAK") == "1", "Takes minutes; eng/soak.sh runs it.");

    private static void Say(string text) => TestContext.Current.TestOutputHelper?.WriteLine(text);
}
