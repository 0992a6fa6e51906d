using BenchmarkDotNet.Attributes;
using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Sampling;

namespace GptQuantBench.Benchmarks.Sweeps;

/// <summary>
/// Decode speed by the number of sequences that decode together. Each has the run's prompt, a KV cache and a seed of its own; all of the
/// prompt but its last id is in the caches before the clock starts.
/// </summary>
public class BatchSizeSweep : Sweep
{
    private IBatchDecodingSession? _batch;
    private BatchSequence[] _steps = [];

    /// <summary>Decode steps of the whole batch, sampled as in the main job; every step feeds one id of each sequence.</summary>
    [Benchmark]
    public void Decode() => Run();

    /// <inheritdoc />
    private protected override Type BenchmarkType => typeof(BatchSizeSweep);

    private int Filled => Loaded.Prompt.Length - 1;

    /// <inheritdoc />
    private protected override void Open(IReadOnlyList<SweepPoint> points)
    {
    }

    /// <inheritdoc />
    private protected override void Prepare(int index, SweepPoint point)
    {
        Close();
        var size = point.BatchSize!.Value;
        _batch = Loaded.CreateBatch(size, Filled + Sweeps.BatchTokens);
        var beginning = new BatchSequence(Loaded.Prompt.AsMemory(0, Filled), Memory<int>.Empty, SamplingOptions.Greedy);
        _batch.Extend([.. Enumerable.Repeat(beginning, size)]);
        _steps =
        [
            .. Enumerable.Range(0, size).Select(sequence => new BatchSequence(
                Loaded.Prompt.AsMemory(Filled), new int[Sweeps.BatchTokens], Loaded.Sampling with { Seed = Loaded.Sampling.Seed + (ulong)sequence })),
        ];
    }

    /// <inheritdoc />
    private protected override void Rewind(SweepPoint point)
    {
        for (var sequence = 0; sequence < _steps.Length; sequence++)
        {
            _batch!.Rewind(sequence, Filled);
        }
    }

    /// <inheritdoc />
    private protected override void Measure(int index, SweepPoint point) => _batch!.Extend(_steps);

    /// <inheritdoc />
    private protected override void Close()
    {
        _batch?.Dispose();
        _batch = null;
    }
}
