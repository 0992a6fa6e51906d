using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Tables;

/// <summary>What the tables of cases have in common.</summary>
internal static class CaseRows
{
    public static readonly ReportColumn[] NameColumns = [ReportColumn.Text("Model"), ReportColumn.Text("Quant")];

    public static IEnumerable<CaseResult> Succeeded(RunReport report) => report.Results.Where(result => result.Success);

    public static IReadOnlyList<ReportCell> Row(CaseResult result, params ReportCell[] cells) =>
        [new(result.ModelName), new(result.Quantization), .. cells];

    public static string Name(CaseResult result) => $"{result.ModelName} {result.Quantization}";
}
