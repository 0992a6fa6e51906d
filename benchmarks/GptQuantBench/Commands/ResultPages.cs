using GptQuantBench.Exporters;
using GptQuantBench.Reporting.Markdown;
using GptQuantBench.Reporting.Terminal;

namespace GptQuantBench.Commands;

/// <summary>The end of a run: tables on the console and as Markdown, where everything lies, the exit code.</summary>
internal static class ResultPages
{
    private const string MarkdownFileName = "llm_benchmark_results.md";

    /// <summary>Writes the pages; returns the exit code.</summary>
    public static int Write(ReportWriter writer, string artifactsDirectory)
    {
        var report = writer.Report;
        Console.WriteLine();
        ConsoleReport.Write(ReportConsole.ForStandardOutput(), report);
        if (writer.WriteError is { } writeError)
        {
            Console.Error.WriteLine($"gptquantbench: {writeError}");
            return ExitCode.CaseFailed;
        }

        var markdown = Path.Combine(artifactsDirectory, MarkdownFileName);
        File.WriteAllText(markdown, MarkdownReport.Of(report));
        Console.WriteLine();
        Console.WriteLine($"Report:   {writer.FilePath}");
        Console.WriteLine($"Markdown: {markdown}");
        Console.WriteLine($"BenchmarkDotNet's own files: {Path.Combine(artifactsDirectory, "results")}");
        return report.Results.All(row => row.Success) && report.Sweeps.All(row => row.Success) ? ExitCode.Success : ExitCode.CaseFailed;
    }
}
