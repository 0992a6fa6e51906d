using GptQuantBench.Reporting.Json;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Export;

/// <summary>A report in the formats of other tools.</summary>
public static class ReportExports
{
    private static readonly (string Name, Func<RunReport, IEnumerable<(string Name, string Content)>> Files)[] _formats =
    [
        ("github-action-benchmark", GithubActionBenchmarkExport.Files),
        ("bencher", report => [("bencher.json", BencherExport.Of(report))]),
        ("csv", report => [("results.csv", CsvExport.Of(report))]),
        ("markdown", report => [("comment.md", PullRequestComment.Of(report))]),
    ];

    /// <summary>Names of the formats.</summary>
    public static IReadOnlyList<string> Formats { get; } = [.. _formats.Select(format => format.Name)];

    /// <summary>The files of a format: name and content, lines as the format wants them.</summary>
    /// <exception cref="ReportFormatException">The report has no case that succeeded, so there is nothing to write.</exception>
    public static IReadOnlyList<(string Name, string Content)> Of(RunReport report, string format)
    {
        ArgumentNullException.ThrowIfNull(report);
        if (!report.Results.Any(result => result.Success))
        {
            throw new ReportFormatException("The report has no case that succeeded, so there is nothing to export: run the benchmark again.");
        }

        return [.. _formats.Single(known => known.Name == format).Files(report)];
    }
}
