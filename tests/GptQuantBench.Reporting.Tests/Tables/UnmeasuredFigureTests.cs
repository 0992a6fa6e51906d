using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using GptQuantBench.Reporting.Json;
using GptQuantBench.Reporting.Markdown;
using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Tables;
using GptQuantBench.Reporting.Tests.Support;

namespace GptQuantBench.Reporting.Tests.Tables;

public sealed partial class UnmeasuredFigureTests
{
    private static readonly string[] _neverRemoved = ["model_name", "quantization", "success", "results", "sweep", "kernel"];

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 200)];

    [Theory, MemberData(nameof(Seeds))]
    public void FiguresThatAreMissingAtRandomNeverBecomeNumbers(int seed)
    {
        var random = new Random(seed);
        JsonNode json = JsonNode.Parse(ReportJson.Serialize(SampleReports.Full()))!;
        Thin(json, random, random.NextDouble());

        AssertHonest(ReportJson.Parse(System.Text.Encoding.UTF8.GetBytes(json.ToJsonString()), "thinned.json"));
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    [InlineData(double.Epsilon)]
    [InlineData(double.MaxValue)]
    public void ExtremeFiguresNeverShowAsNotANumber(double value)
    {
        RunReport full = SampleReports.Full();
        RunReport extreme = full with
        {
            Metadata = full.Metadata with { TotalVramGb = value },
            Results =
            [
                .. full.Results.SelectMany(result => new[]
                {
                    result with { MemoryGb = value, ThroughputTokensPerSec = value, FirstTokenLatencyMs = value },
                    result with { TotalInferenceTimeSec = value, FirstTokenLatencyColdMs = value, InterTokenLatencyMs = new() { Mean = value } },
                    result with { Roofline = RooflineRecord.Of(1, value, value), BitsPerWeight = value },
                }),
            ],
        };

        Assert.DoesNotMatch(NotANumber(), Everything(extreme));
    }

    private static void AssertHonest(RunReport report)
    {
        Assert.DoesNotMatch(NotANumber(), Everything(report));
        IEnumerable<string> figures = ReportTables.Of(report)
            .SelectMany(table => table.Rows)
            .SelectMany(row => row.Skip(CaseRows.NameColumns.Length))
            .Select(cell => cell.Text);
        Assert.All(figures, text => Assert.DoesNotMatch(Zero(), text));
        Assert.DoesNotContain("", figures);
    }

    private static string Everything(RunReport report) =>
        System.Text.Encoding.UTF8.GetString(ReportJson.Serialize(report)) + MarkdownReport.Of(report) + Rendered.Console(report, 80);

    private static void Thin(JsonNode node, Random random, double share)
    {
        if (node is JsonArray array)
        {
            foreach (JsonNode? item in array)
            {
                Thin(item!, random, share);
            }
        }
        else if (node is JsonObject keys)
        {
            foreach ((string key, JsonNode? value) in keys.ToArray())
            {
                if (!_neverRemoved.Contains(key) && random.NextDouble() < share)
                {
                    keys.Remove(key);
                }
                else if (value is not null)
                {
                    Thin(value, random, share);
                }
            }
        }
    }

    [GeneratedRegex(@"NaN|Infinity|∞|null ")]
    private static partial Regex NotANumber();

    [GeneratedRegex(@"^[-+]?0([.,]0*)?([ x%]|$)")]
    private static partial Regex Zero();
}
