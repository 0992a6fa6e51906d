using System.CommandLine;
using GptQuantBench.Reporting.Charts;
using GptQuantBench.Reporting.History;
using GptQuantBench.Reporting.Json;
using GptQuantBench.Reporting.Pages;

namespace GptQuantBench.Commands;

/// <summary><c>report</c>: charts, Markdown and the HTML page again, from a saved report.</summary>
internal static class ReportCommand
{
    private static readonly Option[] _options = [Options.Out, Options.History];

    private static readonly Argument<string[]> _file = new("RESULTS.json") { Arity = ArgumentArity.ZeroOrMore };

    /// <summary>Runs; returns the exit code.</summary>
    public static int Execute(string[] arguments)
    {
        var result = VerbParser.Parse(Verbs.Report, _options, arguments, _file);
        if (result.GetValue(Options.Help))
        {
            return HelpPage.WriteVerb(
                $"{Verbs.Report} [RESULTS.json]",
                "Makes charts, Markdown and the HTML page again from a saved report, also from the JSON of the usual Python script.",
                _options,
                "artifacts/llm_benchmark_results.json",
                "RESULTS.json --out DIR",
                "--history artifacts/runs");
        }

        var history = result.GetValue(Options.History) is { } folder ? RunHistory.Read(folder, Warn) : [];
        var path = (result.GetValue(_file), history) switch
        {
            ([var only], _) => only,
            ([], [.., var newest]) => newest.File,
            ([], []) => throw new UserErrorException(
                result.GetValue(Options.History) is { } empty
                    ? $"The history '{empty}' holds no report; name the folder of earlier runs, or a report."
                    : "No report was named; give the path of a llm_benchmark_results.json, or a folder of runs with --history."),
            _ => throw new UserErrorException("Several reports were named; report takes one."),
        };
        var isNamed = result.GetValue(_file) is [_];
        var report = isNamed ? ReportFile.Read(path) : history[^1].Report;
        var directory = ArtifactsDirectory.Resolve(result.GetValue(Options.Out) ?? (isNamed ? Path.GetDirectoryName(Path.GetFullPath(path)) : null), Options.Out.Name);
        var pages = isNamed
            ? ReportPages.Write(directory, report, TrendCharts.Of(history), Path.GetFileNameWithoutExtension(path))
            : ReportPages.Write(directory, report, TrendCharts.Of(history));
        ResultPages.Announce(pages);
        return ExitCode.Success;
    }

    private static void Warn(string sentence) => Console.Error.WriteLine($"warning: {sentence}");
}
