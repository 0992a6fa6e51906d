using GptQuantBench.Benchmarks;
using GptQuantBench.Benchmarks.Sweeps;
using GptQuantBench.Commands;
using GptQuantBench.Inference.Checkpoints;

namespace GptQuantBench.Tests.Sweeps;

/// <summary>A sweep's calls as BenchmarkDotNet makes them, one by one.</summary>
public sealed class SweepLifeTests : IDisposable
{
    private const string Model = "deep-f16";

    private readonly TemporaryFolder _records = new();

    [Fact]
    public void APointThatFailsIsItsOwnAndTheOthersGoOn()
    {
        var sweep = new FailingSweep { Model = Model, Format = "4-bit" };
        var record = Run(sweep, [5, 7, 32], repeats: 2, calls: 6);
        Assert.Null(record.Error);
        Assert.Equal([1], record.PointErrors.Keys);
        Assert.Contains("seven", record.PointErrors[1], StringComparison.Ordinal);
        // One call for warm-up and two that count; the failed point fails in its warm-up and is not tried again.
        Assert.Equal([5, 5, 5, 7, 32, 32, 32], sweep.Calls);
        Assert.Equal([0, 2], record.PointUsages.Keys.Order());
        Assert.All(record.PointUsages.Values, usage => Assert.True(usage.TotalBytes > 0));
    }

    [Fact]
    public void CallsBeyondAModelsPointsDoNothing()
    {
        var sweep = new FailingSweep { Model = Model, Format = "FP16" };
        var record = Run(sweep, [5, 1000], repeats: 1, calls: 4);
        Assert.Equal([5, 5], sweep.Calls);
        Assert.Empty(record.PointErrors);
    }

    [Fact]
    public void TheEstimateGrowsWithTheWork()
    {
        var few = Settings([5], repeats: 1);
        var many = Settings([5, 32], repeats: 9);
        var kind = SweepKind.Of(typeof(PromptLengthSweep));
        Assert.True(SweepEstimate.Of(few, kind, Model, "FP16") > TimeSpan.FromSeconds(1));
        Assert.True(SweepEstimate.Of(few, kind, Model, "FP16") < SweepEstimate.Of(many, kind, Model, "FP16"));
        Assert.True(SweepEstimate.Of(few, kind, Model, "FP16") < SweepEstimate.Of(few, SweepKind.Of(typeof(TokenTimesSweep)), Model, "FP16"));
    }

    public void Dispose() => _records.Dispose();

    private SweepRecord Run(FailingSweep sweep, int[] prompts, int repeats, int calls)
    {
        Settings(prompts, repeats).Publish();
        sweep.SetUp();
        for (var call = 0; call < calls; call++)
        {
            sweep.NextCall();
            sweep.Prefill();
        }

        sweep.CleanUp();
        return Assert.Single(new RecordStore<SweepRecord>(_records.FullName).Read(record => record.Format == sweep.Format));
    }

    private RunSettings Settings(int[] prompts, int repeats) => new()
    {
        Models = [ModelLocator.FromDirectory(Path.Combine(Repository.Fixtures, "variants", Model))],
        Formats = ["FP16", "4-bit"],
        Backend = "cpu",
        Prompt = "0 1 2 3 4",
        Tokens = 8,
        Temperature = 0.8f,
        TopP = 0.9f,
        Seed = 1,
        RecordDirectory = _records.FullName,
        Sweeps = new SweepSettings
        {
            ContextLengths = new Dictionary<string, int> { [Model] = 48 },
            Formats = ["FP16", "4-bit"],
            PromptLengths = prompts,
            Depths = [0],
            BatchSizes = [1],
            BatchTokens = 8,
            Tokens = 8,
            TokenTimes = 2000,
            Repeats = repeats,
            WarmUps = 1,
        },
    };

    /// <summary>Fails on prompts of seven tokens.</summary>
    private sealed class FailingSweep : PromptLengthSweep
    {
        public List<int> Calls { get; } = [];

        private protected override void Measure(int index, SweepPoint point)
        {
            Calls.Add(point.PromptTokens!.Value);
            if (point.PromptTokens == 7)
            {
                throw new InvalidDataException("No seven today.");
            }

            base.Measure(index, point);
        }
    }
}
