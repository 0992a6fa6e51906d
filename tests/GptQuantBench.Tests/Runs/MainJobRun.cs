using System.Text.Json;
using GptQuantBench.Reporting.Json;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Tests.Runs;

/// <summary>One run of the main job on the small trained model in process, shared by the tests that look at what it left.</summary>
public sealed class MainJobRun : IDisposable
{
    private readonly TemporaryFolder _artifacts = new();

    public MainJobRun()
    {
        Outcome = TestProgram.Run(
            ["--filter", "*", "--model-path", Repository.Nano, "--inProcess", "--iterationCount", "3", "--sweeps", "none", "--backend", "cpu", "--artifacts", _artifacts.FullName]);
    }

    /// <summary>How the program ended.</summary>
    internal Outcome Outcome { get; }

    /// <summary>The folder that the run wrote into.</summary>
    internal string Artifacts => _artifacts.FullName;

    /// <summary>The report's text.</summary>
    internal string Json => File.ReadAllText(ReportPath);

    /// <summary>The report.</summary>
    internal RunReport Report => ReportFile.Read(ReportPath);

    /// <summary>BenchmarkDotNet's own JSON.</summary>
    internal JsonElement BenchmarkDotNetJson
    {
        get
        {
            var file = Assert.Single(Directory.GetFiles(Path.Combine(Artifacts, "results"), "*-report-full.json"));
            return JsonDocument.Parse(File.ReadAllText(file)).RootElement;
        }
    }

    private string ReportPath => Path.Combine(Artifacts, "llm_benchmark_results.json");

    public void Dispose() => _artifacts.Dispose();
}
