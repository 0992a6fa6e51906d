using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Tables;

/// <summary>The beginning of each case's new text.</summary>
public static class CasePreviews
{
    /// <summary>What the list shows.</summary>
    public const string Title = "Generated text";

    /// <summary>The case's name and its preview on one line, for every case that has text.</summary>
    public static IReadOnlyList<(string Name, string Text)> Of(RunReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return
        [
            .. report.Results
                .Where(result => !string.IsNullOrEmpty(result.GeneratedText))
                .Select(result => (CaseRows.Name(result), TextPreview.Of(result.GeneratedText!))),
        ];
    }
}
