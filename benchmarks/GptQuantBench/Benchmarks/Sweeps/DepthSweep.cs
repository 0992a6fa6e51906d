using BenchmarkDotNet.Attributes;
using GptQuantBench.Inference.Sampling;

namespace GptQuantBench.Benchmarks.Sweeps;

/// <summary>Decode speed by what the KV cache holds already. The cache is filled before the clock starts, once for each depth.</summary>
public class DepthSweep : Sweep
{
    private int[] _generated = [];
    private int _filled;

    /// <summary>Decode steps from a depth on, sampled as in the main job; every step feeds one id.</summary>
    [Benchmark]
    public void Decode() => Run();

    /// <inheritdoc />
    private protected override Type BenchmarkType => typeof(DepthSweep);

    /// <inheritdoc />
    private protected override void Open(IReadOnlyList<SweepPoint> points) =>
        Loaded.CreateSession(points.Max(point => point.DepthTokens!.Value + Sweeps.Tokens));

    /// <inheritdoc />
    private protected override void Prepare(int index, SweepPoint point)
    {
        var depth = point.DepthTokens!.Value;
        _generated = new int[Sweeps.Tokens];
        _filled = Math.Min(_filled, depth);
        Loaded.Session.Rewind(_filled);
        if (depth > _filled)
        {
            Loaded.Session.Extend(Loaded.Ids.AsSpan(_filled..depth), [], SamplingOptions.Greedy);
            _filled = depth;
        }
    }

    /// <inheritdoc />
    private protected override void Rewind(SweepPoint point) => Loaded.Session.Rewind(point.DepthTokens!.Value);

    /// <inheritdoc />
    private protected override void Measure(int index, SweepPoint point) =>
        Loaded.Session.Extend(Loaded.Ids.AsSpan(point.DepthTokens!.Value, 1), _generated, Loaded.Sampling);
}
