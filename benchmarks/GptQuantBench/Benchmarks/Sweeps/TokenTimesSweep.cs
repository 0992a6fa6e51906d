using BenchmarkDotNet.Attributes;

namespace GptQuantBench.Benchmarks.Sweeps;

/// <summary>Times of single tokens over many sequences of the main job's length, for percentiles that a single sequence cannot give.</summary>
public class TokenTimesSweep : Sweep
{
    private readonly List<double> _milliseconds = [];
    private int[] _generated = [];
    private double[] _times = [];

    /// <summary>The main job's generation with a clock on every id; the same sequence each time.</summary>
    [Benchmark]
    public void Generate() => Run();

    /// <inheritdoc />
    private protected override Type BenchmarkType => typeof(TokenTimesSweep);

    /// <inheritdoc />
    private protected override void Open(IReadOnlyList<SweepPoint> points) => Loaded.CreateSession(Sweeps.Tokens);

    /// <inheritdoc />
    private protected override void Prepare(int index, SweepPoint point)
    {
        _generated = new int[Sweeps.Tokens];
        _times = new double[Sweeps.Tokens - 1];
    }

    /// <inheritdoc />
    private protected override void Measure(int index, SweepPoint point)
    {
        Loaded.Session.GenerateTimed(Loaded.Prompt, _generated, Loaded.Sampling, _times);
        _milliseconds.AddRange(_times);
    }

    /// <inheritdoc />
    private protected override void EndWarmUp(int index)
    {
        base.EndWarmUp(index);
        _milliseconds.Clear();
    }

    /// <inheritdoc />
    private protected override SweepRecord Complete(SweepRecord record) => record with { TokenMilliseconds = _milliseconds };
}
