using GptQuantBench.Reporting.Json;
using GptQuantBench.Reporting.Markdown;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Tests.Support;

/// <summary>A report in all its forms that are text.</summary>
internal static class ReportTexts
{
    /// <summary>Pattern of what a figure that was not measured must never become.</summary>
    public const string NotANumber = "NaN|Infinity|∞|null ";

    /// <summary>JSON, Markdown and console, one behind the other.</summary>
    public static string All(RunReport report) =>
        System.Text.Encoding.UTF8.GetString(ReportJson.Serialize(report)) + MarkdownReport.Of(report) + Rendered.Console(report, 80);
}
