using System.Text;
using GptQuantBench.Reporting.Json;
using GptQuantBench.Reporting.Markdown;
using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Tests.Support;

namespace GptQuantBench.Reporting.Tests.Tables;

public sealed class GoldenReportTests
{
    public static TheoryData<string> Names => ["full", "minimal", "awkward"];

    [Theory, MemberData(nameof(Names))]
    public void JsonIsAsCommitted(string name) =>
        Golden.Verify($"{name}.verified.json", Encoding.UTF8.GetString(ReportJson.Serialize(Report(name))));

    [Theory, MemberData(nameof(Names))]
    public void MarkdownIsAsCommitted(string name) => Golden.Verify($"{name}.verified.md", MarkdownReport.Of(Report(name)));

    [Theory, MemberData(nameof(Names))]
    public void ConsoleAt80ColumnsIsAsCommitted(string name) => Golden.Verify($"{name}-80.verified.txt", Rendered.Console(Report(name), 80));

    [Theory, MemberData(nameof(Names))]
    public void ConsoleAt120ColumnsIsAsCommitted(string name) => Golden.Verify($"{name}-120.verified.txt", Rendered.Console(Report(name), 120));

    private static RunReport Report(string name) => name switch
    {
        "full" => SampleReports.Full(),
        "minimal" => SampleReports.Minimal(),
        _ => SampleReports.Awkward(),
    };
}
