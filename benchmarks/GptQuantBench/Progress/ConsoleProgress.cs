using System.Diagnostics;
using BenchmarkDotNet.Running;
using GptQuantBench.Benchmarks;
using GptQuantBench.Configuration;
using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Terminal;

namespace GptQuantBench.Progress;

/// <summary>The run on the console, in the words of the reference script, with the time that is left.</summary>
internal sealed class ConsoleProgress : IRunProgress
{
    private readonly CaseProgressPrinter _printer = new(ReportConsole.ForStandardOutput());
    private readonly double[] _work;
    private long _start;

    /// <param name="planned">All benchmarks of the run.</param>
    /// <param name="settings">The work.</param>
    public ConsoleProgress(IEnumerable<BenchmarkCase> planned, RunSettings settings) =>
        _work =
        [
            .. planned
                .GroupBy(benchmark => (Model: benchmark.ModelName(), Format: benchmark.FormatName()))
                .Select(group => group.Count() * ExpectedWork(settings, group.Key.Model)),
        ];

    /// <inheritdoc />
    public void Building() => Console.WriteLine("Building the benchmark process (once, some seconds)...");

    /// <inheritdoc />
    public void Running() => _start = Stopwatch.GetTimestamp();

    /// <inheritdoc />
    public void CaseStarted(int index, string model, string format)
    {
        var done = _work.Take(index).Sum();
        TimeSpan? left = done > 0 ? Stopwatch.GetElapsedTime(_start) * (_work.Skip(index).Sum() / done) : null;
        _printer.CaseStarted(index + 1, _work.Length, model, format, left);
    }

    /// <inheritdoc />
    public void PhaseEnded(Phase phase, CaseResult row)
    {
        if (!row.Success)
        {
            return;
        }

        switch (phase)
        {
            case Phase.LoadModel:
                _printer.Loaded(row.LoadTimeSec, row.MemoryGb);
                break;
            case Phase.FirstToken:
                _printer.FirstToken(row.FirstTokenLatencyMs, row.FirstTokenLatencyColdMs);
                break;
            case Phase.Generate50:
                _printer.Generated(row.ThroughputTokensPerSec, row.TotalInferenceTimeSec, row.GeneratedText);
                break;
        }
    }

    /// <inheritdoc />
    public void CaseEnded(int index, CaseResult row)
    {
        if (row.Error is { } error)
        {
            _printer.Failed(error);
            return;
        }

        var held = (long)((row.MemoryGb ?? 0) * 1e9) + (row.KvCacheBytes ?? 0) + (row.WorkspaceBytes ?? 0);
        _printer.CleanedUp(held, row.LeakedBytes?.Allocator, row.LeakedBytes);
    }

    /// <summary>Time grows with the bytes of the file (load) and of the packed weights (tokens); only the proportion matters.</summary>
    private static double ExpectedWork(RunSettings settings, string model) => new FileInfo(settings.Model(model).WeightsFile).Length;
}
