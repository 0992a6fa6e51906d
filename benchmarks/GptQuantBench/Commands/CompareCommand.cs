using System.CommandLine;
using GptQuantBench.Exporters;
using GptQuantBench.Reporting.Comparison;
using GptQuantBench.Reporting.Json;
using GptQuantBench.Reporting.Markdown;
using GptQuantBench.Reporting.Terminal;

namespace GptQuantBench.Commands;

/// <summary><c>compare</c>: two runs with a verdict for every case and metric.</summary>
internal static class CompareCommand
{
    private static readonly Argument<string[]> _reports = new("reports") { Arity = new ArgumentArity(0, 2) };

    private static readonly Option[] _options = [Options.Threshold, Options.NoiseFloor, Options.Format, Options.Artifacts];

    /// <summary>Runs; returns the exit code.</summary>
    public static int Execute(string[] arguments)
    {
        var result = VerbParser.Parse(Verbs.Compare, _options, arguments, _reports);
        if (result.GetValue(Options.Help))
        {
            return HelpPage.WriteVerb(
                $"{Verbs.Compare} BASE [NEW]",
                "Compares two runs, case by case, with a statistical verdict; exit code 1 on a regression. BASE and NEW are reports, or names kept with --baseline; NEW is the last run where it is left out.",
                _options,
                "before.json after.json",
                "main --threshold 5%",
                "before.json after.json --noise-floor same-build-1.json,same-build-2.json --format markdown");
        }

        var format = result.Choice(Options.Format, "console", "markdown", "json");
        var options = new ComparisonOptions { Threshold = result.Share(Options.Threshold, 0.03), NoiseFloor = NoiseFloorOf(result) };
        var artifacts = ArtifactsDirectory.Locate(result.GetValue(Options.Artifacts));
        var (basePath, newPath) = result.GetValue(_reports) switch
        {
            [var before, var after] => (Baselines.Find(artifacts, before), Baselines.Find(artifacts, after)),
            [var before] => (Baselines.Find(artifacts, before), LastRun(artifacts)),
            _ => throw new UserErrorException("Nothing was named to compare; name two reports, or one and the last run is compared with it."),
        };
        var comparison = ReportComparer.Compare(ReportFile.Read(basePath), ReportFile.Read(newPath), options);
        comparison = comparison with { Base = comparison.Base with { Report = basePath }, New = comparison.New with { Report = newPath } };
        if (comparison.Cases.Count == 0)
        {
            throw new UserErrorException($"'{basePath}' and '{newPath}' have no case in common; compare runs of the same models and formats.");
        }

        Write(comparison, format);
        return comparison.IsRegression ? ExitCode.Regression : ExitCode.Success;
    }

    private static void Write(ReportComparison comparison, string format)
    {
        if (format == "console")
        {
            ConsoleComparison.Write(ReportConsole.ForStandardOutput(), comparison);
            return;
        }

        using var stdout = Console.OpenStandardOutput();
        stdout.Write(format == "json" ? ComparisonJson.Serialize(comparison) : System.Text.Encoding.UTF8.GetBytes(ComparisonMarkdown.Of(comparison)));
        foreach (var warning in comparison.Warnings)
        {
            Console.Error.WriteLine(warning);
        }
    }

    private static NoiseFloor? NoiseFloorOf(ParseResult result) => result.GetValue(Options.NoiseFloor) is null
        ? null
        : new NoiseFloor([.. result.Names(Options.NoiseFloor, "").Select(ComparisonJson.Read)]);

    private static string LastRun(string artifacts)
    {
        var path = Path.Combine(artifacts, ReportWriter.FileName);
        return File.Exists(path)
            ? path
            : throw new UserErrorException($"There is no run to compare with: '{path}' does not exist; run --filter '*' first, or name a second report.");
    }
}
