using System.Text.Json;
using System.Text.RegularExpressions;
using GptQuantBench.Reporting.Export;
using GptQuantBench.Reporting.Json;
using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Tests.Support;
using NJsonSchema;

namespace GptQuantBench.Reporting.Tests.Export;

/// <summary>Every export by the rules of the tool that reads it.</summary>
public sealed partial class ReportExportsTests
{
    private static readonly RunReport _report = SampleReports.Full();

    private static int Succeeded => _report.Results.Count(result => result.Success);

    /// <summary>src/extract.ts of github-action-benchmark: a list, not empty, of name, value, unit and perhaps range and extra, which are text.</summary>
    [Fact]
    public void GithubActionBenchmarkHasOneFileForEachDirection()
    {
        IReadOnlyList<(string Name, string Content)> files = ReportExports.Of(_report, "github-action-benchmark");
        Assert.Equal(["customBiggerIsBetter.json", "customSmallerIsBetter.json"], files.Select(file => file.Name));
        Assert.All(files, file =>
        {
            JsonElement[] entries = [.. JsonDocument.Parse(file.Content).RootElement.EnumerateArray()];
            Assert.NotEmpty(entries);
            Assert.Equal(entries.Length, entries.Select(entry => entry.GetProperty("name").GetString()).Distinct().Count());
            Assert.All(entries, entry =>
            {
                Assert.Equal(JsonValueKind.Number, entry.GetProperty("value").ValueKind);
                Assert.NotEmpty(entry.GetProperty("unit").GetString()!);
                Assert.All(
                    entry.EnumerateObject().Where(property => property.Name is "range" or "extra"),
                    property => Assert.Equal(JsonValueKind.String, property.Value.ValueKind));
                Assert.Subset(
                    new HashSet<string> { "name", "unit", "value", "range", "extra" }, entry.EnumerateObject().Select(property => property.Name).ToHashSet());
            });
        });
        string bigger = files[0].Content;
        Assert.Equal(Succeeded, JsonDocument.Parse(bigger).RootElement.GetArrayLength());
        Assert.All(JsonDocument.Parse(bigger).RootElement.EnumerateArray(), entry => Assert.Equal("tok/s", entry.GetProperty("unit").GetString()));
        Assert.Equal(3 * Succeeded, JsonDocument.Parse(files[1].Content).RootElement.GetArrayLength());
    }

    /// <summary>bmf.schema.json is bencher.dev/bmf.json as published; a measure's slug has at most 64 characters of kebab case.</summary>
    [Fact]
    public async Task BencherTakesItsOwnSchema()
    {
        string content = Assert.Single(ReportExports.Of(_report, "bencher")).Content;
        JsonSchema schema = await JsonSchema.FromFileAsync(
            Repository.PathOf("tests", "GptQuantBench.Reporting.Tests", "Export", "bmf.schema.json"), TestContext.Current.CancellationToken);
        Assert.Empty(schema.Validate(content));
        Assert.NotEmpty(schema.Validate("{\"a\": {\"b\": {\"lower_value\": 1}}}"));
        JsonElement root = JsonDocument.Parse(content).RootElement;
        Assert.Equal(Succeeded, root.EnumerateObject().Count());
        Assert.All(root.EnumerateObject().SelectMany(benchmark => benchmark.Value.EnumerateObject()), measure =>
        {
            Assert.Matches(Slug(), measure.Name);
            if (measure.Value.TryGetProperty("lower_value", out JsonElement lower))
            {
                Assert.InRange(measure.Value.GetProperty("value").GetDouble(), lower.GetDouble(), measure.Value.GetProperty("upper_value").GetDouble());
            }
        });
    }

    [Fact]
    public void CsvIsReadBackCellByCell()
    {
        RunReport awkward = _report with { Results = [_report.Results[0] with { ModelName = "a,\"b\"\r\nc" }, .. _report.Results.Skip(1)] };
        string content = Assert.Single(ReportExports.Of(awkward, "csv")).Content;
        string[][] rows = Rfc4180(content);
        Assert.Equal(awkward.Results.Count + 1, rows.Length);
        Assert.All(rows, row => Assert.Equal(rows[0].Length, row.Length));
        Assert.Equal("a,\"b\"\r\nc", rows[1][Array.IndexOf(rows[0], "model_name")]);
        Assert.Equal("0.24888", rows[1][Array.IndexOf(rows[0], "memory_gb")]);
        Assert.Equal("", rows[5][Array.IndexOf(rows[0], "memory_gb")]);
        Assert.Equal("false", rows[5][Array.IndexOf(rows[0], "success")]);
    }

    [Fact]
    public void MarkdownFitsACommentAndItsTablesAreTables()
    {
        string content = Assert.Single(ReportExports.Of(_report, "markdown")).Content;
        Assert.InRange(content.Length, 1, 65_536);
        string[] lines = content.Split('\n');
        string[] table = [.. lines.SkipWhile(line => !line.StartsWith('|')).TakeWhile(line => line.StartsWith('|'))];
        Assert.All(table, line => Assert.Equal(Bar().Count(table[0]), Bar().Count(line)));
        Assert.Equal(_report.Results.Count + 2, table.Length);
        Assert.Single(lines, line => line.StartsWith("<details>", StringComparison.Ordinal));
        Assert.Single(lines, line => line == "</details>");
    }

    /// <summary>Trackers find a series again by these names, and people their figures by these columns.</summary>
    [Theory]
    [InlineData("github-action-benchmark")]
    [InlineData("bencher")]
    [InlineData("csv")]
    [InlineData("markdown")]
    public void ExportsAreAsCommitted(string format)
    {
        RunReport report = SampleReports.Full();
        report = report with
        {
            Results =
            [
                report.Results[0],
                report.Results[1] with { Weights = WeightKind.Synthetic, Device = null },
                report.Results[2] with { Weights = null, Decode = null },
                .. report.Results.Skip(3),
            ],
        };
        Golden.Verify(
            $"export-{format}.verified.txt",
            string.Concat(ReportExports.Of(report, format).Select(file => $"== {file.Name}\n{file.Content.ReplaceLineEndings("\n")}")));
    }

    [Fact]
    public void CasesOfSeveralMachinesAreToldByTheirDevice()
    {
        RunReport merged = _report with { Results = [_report.Results[0], _report.Results[0] with { Device = "Other GPU" }] };
        Assert.Equal(
            ["gpt2 FP16 cuda persistent Example GPU", "gpt2 FP16 cuda persistent Other GPU"],
            JsonDocument.Parse(ReportExports.Of(merged, "bencher")[0].Content).RootElement.EnumerateObject().Select(benchmark => benchmark.Name));
    }

    [Fact]
    public void FieldsOfACsvAreInQuotesOnlyWhereTheyMustBe()
    {
        RunReport report = _report with { Results = [_report.Results[0] with { ModelName = "a,b", Device = "plain; text" }] };
        string row = ReportExports.Of(report, "csv")[0].Content.Split("\r\n")[1];
        Assert.StartsWith("\"a,b\",FP16,fp16,cuda,persistent,plain; text,real,true,,", row, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1100, 1024)]
    [InlineData(1000, 1000 + 21)]
    public void NamesAreCutToWhatBencherTakes(int length, int expected)
    {
        RunReport report = _report with { Results = [_report.Results[0] with { ModelName = new string('m', length) }] };
        Assert.Equal(expected, Assert.Single(JsonDocument.Parse(ReportExports.Of(report, "bencher")[0].Content).RootElement.EnumerateObject()).Name.Length);
    }

    [Fact]
    public void ACommentThatWouldBeTooLongIsTheSummaryAlone()
    {
        string Of(int length) =>
            ReportExports.Of(_report with { Metadata = _report.Metadata with { CommandLine = new string('x', length) } }, "markdown")[0].Content;
        int rest = Of(1000).Length - 1000;
        Assert.Equal(65_536, Of(65_536 - rest).Length);
        string summary = Of(65_536 - rest + 1);
        Assert.DoesNotContain("<details>", summary, StringComparison.Ordinal);
        Assert.StartsWith(summary, Of(1000), StringComparison.Ordinal);
        Assert.Contains("| gpt2 |", summary, StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutARateThereIsNoFileForIt()
    {
        RunReport report = _report with { Results = [_report.Results[0] with { ThroughputTokensPerSec = null, Samples = null }] };
        Assert.Equal(["customSmallerIsBetter.json"], ReportExports.Of(report, "github-action-benchmark").Select(file => file.Name));
    }

    [Fact]
    public void AReportWithoutASuccessIsRefused() =>
        Assert.All(ReportExports.Formats, format => Assert.Throws<ReportFormatException>(() => ReportExports.Of(SampleReports.Minimal(), format)));

    /// <summary>The grammar of RFC 4180, section 2.</summary>
    private static string[][] Rfc4180(string text)
    {
        List<string[]> rows = [];
        List<string> row = [];
        int position = 0;
        while (position < text.Length)
        {
            Match field = Field().Match(text, position);
            Assert.True(field.Success && field.Index == position, $"no field at {position}");
            row.Add(field.Groups["quoted"].Success ? field.Groups["quoted"].Value.Replace("\"\"", "\"", StringComparison.Ordinal) : field.Groups["plain"].Value);
            position += field.Length;
            if (field.Groups["end"].Value != ",")
            {
                rows.Add([.. row]);
                row.Clear();
            }
        }

        return [.. rows];
    }

    [GeneratedRegex("^[a-z0-9]+(-[a-z0-9]+)*$")]
    private static partial Regex Slug();

    [GeneratedRegex(@"(?<!\\)\|")]
    private static partial Regex Bar();

    [GeneratedRegex("\\G(?:\"(?<quoted>(?:[^\"]|\"\")*)\"|(?<plain>[^,\"\\r\\n]*))(?<end>,|\\r\\n)")]
    private static partial Regex Field();
}
