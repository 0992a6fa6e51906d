using GptQuantBench.Reporting.Markdown;
using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Tables;
using GptQuantBench.Reporting.Tests.Support;

namespace GptQuantBench.Reporting.Tests.Tables;

public sealed class EvaluationTablesTests
{
    [Fact]
    public void TablesAreAsCommitted() => Golden.Verify("evaluation.verified.md", Text(Report(SampleReports.Full().Results.Take(3))));

    [Fact]
    public void OneFormatHasNothingToDivergeFrom()
    {
        EvaluationReport report = Report([SampleReports.Full().Results[0]]);
        ReportTable table = Assert.Single(EvaluationTables.Of(report with { Join = "wikitext" }));
        Assert.Equal(3, table.Notes.Count);
        Assert.Contains(", lines joined as wikitext, tokenised once", table.Notes[0], StringComparison.Ordinal);
        QualityRecord quality = report.Results[0].Quality with { StandardErrors = null };
        report = report with { Results = [report.Results[0] with { Quality = quality }] };
        Assert.DoesNotContain("uncertain", EvaluationTables.Of(report)[0].Notes[2], StringComparison.Ordinal);
    }

    private static string Text(EvaluationReport report) => string.Join('\n', EvaluationTables.Of(report).Select(MarkdownTable.Of));

    private static EvaluationReport Report(IEnumerable<CaseResult> cases) => new()
    {
        ModelName = "gpt2",
        WeightsSha256 = new string('a', 64),
        Backend = "cpu",
        Text = "heldout.txt",
        TextSha256 = new string('b', 64),
        Tokens = 47_000,
        ScoredTokens = 46_996,
        Window = 1024,
        Stride = 512,
        Results =
        [
            .. cases.Select(result => new EvaluationRow
            {
                Quantization = result.Quantization,
                Format = result.Format!,
                BitsPerWeight = result.BitsPerWeight!.Value,
                MemoryGb = result.MemoryGb!.Value,
                Quality = result.Quality!,
            }),
        ],
    };
}
