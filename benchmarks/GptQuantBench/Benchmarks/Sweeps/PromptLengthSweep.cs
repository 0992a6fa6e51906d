using BenchmarkDotNet.Attributes;
using GptQuantBench.Inference.Sampling;

namespace GptQuantBench.Benchmarks.Sweeps;

/// <summary>First-token latency by the length of the prompt.</summary>
public class PromptLengthSweep : Sweep
{
    private readonly int[] _first = new int[1];

    /// <summary>From the prompt's ids to the first new id on the host, greedy.</summary>
    [Benchmark]
    public void Prefill() => Run();

    /// <inheritdoc />
    private protected override Type BenchmarkType => typeof(PromptLengthSweep);

    /// <inheritdoc />
    private protected override void Open(IReadOnlyList<SweepPoint> points) =>
        Loaded.CreateSession(points.Max(point => point.PromptTokens!.Value));

    /// <inheritdoc />
    private protected override void Measure(int index, SweepPoint point) =>
        Loaded.Session.Generate(Loaded.Ids.AsSpan(0, point.PromptTokens!.Value), _first, SamplingOptions.Greedy);
}
