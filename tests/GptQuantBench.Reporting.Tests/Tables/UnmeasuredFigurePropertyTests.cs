using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using GptQuantBench.Reporting.Json;
using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Tables;
using GptQuantBench.Reporting.Tests.Support;

namespace GptQuantBench.Reporting.Tests.Tables;

/// <summary>Reports that lack figures at random.</summary>
public sealed partial class UnmeasuredFigurePropertyTests
{
    private static readonly string[] _neverRemoved = ["model_name", "quantization", "success", "results", "sweep", "kernel"];

    [Fact]
    public void FiguresThatAreMissingAtRandomNeverBecomeNumbers()
    {
        byte[] full = ReportJson.Serialize(SampleReports.Full());
        Assert.All(Enumerable.Range(0, 100), seed =>
        {
            var random = new Random(seed);
            JsonNode json = JsonNode.Parse(full)!;
            Thin(json, random, random.NextDouble());
            AssertHonest(ReportJson.Parse(System.Text.Encoding.UTF8.GetBytes(json.ToJsonString()), "thinned.json"));
        });
    }

    private static void AssertHonest(RunReport report)
    {
        Assert.DoesNotMatch(NotANumber(), ReportTexts.All(report));
        IEnumerable<string> figures = ReportTables.Of(report)
            .SelectMany(table => table.Rows)
            .SelectMany(row => row.Skip(CaseRows.NameColumns.Length))
            .Select(cell => cell.Text);
        Assert.All(figures, text => Assert.DoesNotMatch(Zero(), text));
        Assert.DoesNotContain("", figures);
    }

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

    [GeneratedRegex(ReportTexts.NotANumber)]
    private static partial Regex NotANumber();

    [GeneratedRegex(@"^[-+]?0([.,]0*)?([ x%]|$)")]
    private static partial Regex Zero();
}
