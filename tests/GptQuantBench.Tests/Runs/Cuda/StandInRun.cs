using GptQuantBench.Reporting.Json;
using GptQuantBench.Reporting.Records;
using Driver = GptQuantBench.Tests.StandInDriver.StandInDriver;

namespace GptQuantBench.Tests.Runs.Cuda;

/// <summary>One run of the program on the stand-in device, to its end.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Report">What it wrote.</param>
internal sealed record StandInRun(Outcome Outcome, RunReport Report)
{
    /// <summary>The main job on the small trained model, every case once, few tokens, in one process.</summary>
    public static StandInRun InProcess(string[] options, params (string Name, string Value)[] faults) => Execute(["--inProcess", .. options], faults);

    /// <summary>The same with a process for each phase.</summary>
    public static StandInRun OutOfProcess(string[] options, params (string Name, string Value)[] faults) => Execute(options, faults);

    /// <summary>The row of a format.</summary>
    public CaseResult Row(string quantization) => Assert.Single(Report.Results, row => row.Quantization == quantization);

    private static StandInRun Execute(string[] options, (string Name, string Value)[] faults)
    {
        string[] filter = options.Contains("--filter") ? [] : ["--filter", "*MainJob*"];
        using var artifacts = new TemporaryFolder();
        var outcome = TestProgram.Run(
            [.. filter, "--model-path", Repository.Nano, "--backend", "cuda", "--smoke", "--tokens", "8", "--artifacts", artifacts.FullName, .. options],
            environment: Driver.Environment(faults));
        Assert.DoesNotMatch(@"   at [A-Za-z_.]+\(", outcome.Output + outcome.Error);
        var report = Path.Combine(artifacts.FullName, "llm_benchmark_results.json");
        Assert.True(File.Exists(report), outcome.ToString());
        return new StandInRun(outcome, ReportFile.Read(report));
    }
}
