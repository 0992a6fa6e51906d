using GptQuantBench.Exporters;
using GptQuantBench.Reporting.Pages;
using GptQuantBench.Reporting.Terminal;

namespace GptQuantBench.Commands;

/// <summary>The end of a run: tables on the console, pages and charts on disk, where everything lies, the exit code.</summary>
internal static class ResultPages
{
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

        var pages = ReportPages.Write(artifactsDirectory, report, []);
        Console.WriteLine();
        Console.WriteLine($"Report:   {writer.FilePath}");
        Announce(pages);
        Console.WriteLine($"BenchmarkDotNet's own files: {Path.Combine(artifactsDirectory, "results")}");
        return report.Results.All(row => row.Success) && report.Sweeps.All(row => row.Success) ? ExitCode.Success : ExitCode.CaseFailed;
    }

    /// <summary>Says where the pages lie, and what is missing of them.</summary>
    public static void Announce(ReportPages pages)
    {
        foreach (var warning in pages.Warnings)
        {
            Console.Error.WriteLine($"warning: {warning}");
        }

        Console.WriteLine($"Markdown: {pages.Markdown}");
        Console.WriteLine($"Page:     {pages.Html}");
        Console.WriteLine($"Charts:   {pages.Charts}");
    }
}
