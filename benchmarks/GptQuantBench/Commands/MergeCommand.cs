using System.CommandLine;
using GptQuantBench.Reporting.Json;
using GptQuantBench.Reporting.Merging;

namespace GptQuantBench.Commands;

/// <summary><c>merge</c>: the parts of a run that was split over machines as one report.</summary>
internal static class MergeCommand
{
    private static readonly Argument<string[]> _reports = new("reports") { Arity = ArgumentArity.ZeroOrMore };

    private static readonly Option[] _options = [Options.Out];

    /// <summary>Runs; returns the exit code.</summary>
    public static int Execute(string[] arguments)
    {
        var result = VerbParser.Parse(Verbs.Merge, _options, arguments, _reports);
        if (result.GetValue(Options.Help))
        {
            return HelpPage.WriteVerb(
                $"{Verbs.Merge} A.json B.json ...",
                "Merges the reports of a run that was split with --shard, or over machines, into one on stdout or in --out FILE. Each part keeps its metadata.",
                _options,
                "shard1.json shard2.json --out llm_benchmark_results.json");
        }

        var paths = result.GetValue(_reports) ?? [];
        if (paths.Length < 2)
        {
            throw new UserErrorException("Merging takes two reports or more; name them one after the other.");
        }

        var merged = ReportMerger.Merge([.. paths.Select(path => (path, ReportFile.Read(path)))]);
        if (result.GetValue(Options.Out) is { } file)
        {
            ReportFile.Write(file, merged);
            Console.Error.WriteLine($"{merged.Results.Count} cases of {paths.Length} reports: {Path.GetFullPath(file)}");
        }
        else
        {
            using var stdout = Console.OpenStandardOutput();
            stdout.Write(ReportJson.Serialize(merged));
        }

        return ExitCode.Success;
    }
}
