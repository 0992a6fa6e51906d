using System.CommandLine;
using GptQuantBench.Reporting.Export;
using GptQuantBench.Reporting.Json;

namespace GptQuantBench.Commands;

/// <summary><c>export</c>: a report in the formats of other tools.</summary>
internal static class ExportCommand
{
    private static readonly Argument<string[]> _reports = new("report") { Arity = ArgumentArity.ZeroOrMore };

    private static readonly Option[] _options = [Options.ExportFormat, Options.Out, Options.Artifacts];

    /// <summary>Runs; returns the exit code.</summary>
    public static int Execute(string[] arguments)
    {
        var result = VerbParser.Parse(Verbs.Export, _options, arguments, _reports);
        if (result.GetValue(Options.Help))
        {
            return HelpPage.WriteVerb(
                $"{Verbs.Export} RESULTS.json",
                "Writes a report in the format of a tracker into a folder, --out DIR, else exports in the artifacts folder; the paths go to stdout.",
                _options,
                "llm_benchmark_results.json --format github-action-benchmark --out DIR",
                "llm_benchmark_results.json --format csv --out DIR");
        }

        var format = result.Choice(Options.ExportFormat, [.. ReportExports.Formats]);
        var path = result.GetValue(_reports) is [var file]
            ? file
            : throw new UserErrorException("Exporting takes one report; name a llm_benchmark_results.json.");
        var report = ReportFile.Read(path);
        var folder = Path.GetFullPath(
            result.GetValue(Options.Out) ?? Path.Combine(ArtifactsDirectory.Locate(result.GetValue(Options.Artifacts)), "exports"));
        try
        {
            Directory.CreateDirectory(folder);
            foreach (var (name, content) in ReportExports.Of(report, format))
            {
                var target = Path.Combine(folder, name);
                File.WriteAllText(target, content);
                Console.WriteLine(target);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"The folder '{folder}' can't be written ({FailureText.Of(exception)}); name another with --out.", exception);
        }

        return ExitCode.Success;
    }
}
