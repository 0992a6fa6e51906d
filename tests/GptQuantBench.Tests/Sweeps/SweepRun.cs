using System.Text.Json;
using GptQuantBench.Reporting.Json;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Tests.Sweeps;

/// <summary>One run of the short sweeps on the small trained model in process, shared by the tests that look at what it left.</summary>
public sealed class SweepRun : IDisposable
{
    /// <summary>Calls of each point.</summary>
    internal const int Repeats = 2;

    private readonly TemporaryFolder _artifacts = new();

    public SweepRun()
    {
        Outcome = TestProgram.Run(
            [
                "--filter", "*Sweep*", "--model-path", Repository.Nano, "--inProcess", "--iterationCount", $"{Repeats}", "--backend", "cpu",
                "--artifacts", _artifacts.FullName,
            ]);
    }

    /// <summary>How the program ended.</summary>
    internal Outcome Outcome { get; }

    /// <summary>The report's text.</summary>
    internal string Json => File.ReadAllText(Path.Combine(_artifacts.FullName, "llm_benchmark_results.json"));

    /// <summary>The report.</summary>
    internal RunReport Report => ReportFile.Read(Path.Combine(_artifacts.FullName, "llm_benchmark_results.json"));

    /// <summary>BenchmarkDotNet's own times of a class's benchmark, seconds, in order; formats in order.</summary>
    internal double[][] BenchmarkDotNetSeconds(string sweepClass)
    {
        var file = Path.Combine(_artifacts.FullName, "results", $"GptQuantBench.Benchmarks.Sweeps.{sweepClass}-report-full.json");
        using var document = JsonDocument.Parse(File.ReadAllText(file));
        return
        [
            .. document.RootElement.GetProperty("Benchmarks").EnumerateArray().Select(benchmark => benchmark
                .GetProperty("Measurements").EnumerateArray()
                .Where(measurement => measurement.GetProperty("IterationMode").GetString() == "Workload"
                    && measurement.GetProperty("IterationStage").GetString() == "Result")
                .Select(measurement => measurement.GetProperty("Nanoseconds").GetDouble() / 1e9)
                .ToArray()),
        ];
    }

    public void Dispose() => _artifacts.Dispose();
}
