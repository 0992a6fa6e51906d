using GptQuantBench.Reporting.History;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Commands;

/// <summary>Where a finished run's report is kept beside the report that the next run replaces.</summary>
internal static class KeptReports
{
    /// <summary>Keeps the report in the history, and under a name where one was given; returns false where that failed, which is said.</summary>
    public static bool Keep(RunReport report, string artifactsDirectory, string? baseline)
    {
        try
        {
            RunHistory.Add(Path.Combine(artifactsDirectory, RunHistory.FolderName), report);
            if (baseline is not null)
            {
                Console.WriteLine($"Baseline: {Baselines.Keep(artifactsDirectory, baseline, report)}");
            }

            return true;
        }
        catch (IOException exception)
        {
            Console.Error.WriteLine($"gptquantbench: {FailureText.Of(exception)}");
            return false;
        }
    }
}
