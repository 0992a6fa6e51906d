using System.Text.Json;
using GptQuantBench.Reporting.Json;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Tests.Runs;

/// <summary>Quality as users get it: <c>evaluate</c>, <c>quantize</c>, and <c>--quality</c> on the main job.</summary>
public sealed class QualityTests
{
    private static string OwnText => Path.Combine(Repository.Fixtures, "texts", "own.txt");

    /// <summary>The committed figures are what the program measures: the 4-bit row again.</summary>
    [Fact]
    public void TheShippedFiguresAreMeasuredOnes()
    {
        var root = Evaluate("--quantizations", "4-bit", "--text", OwnText);
        var shipped = ShippedQuality.Report;
        Assert.Equal(shipped.TextSha256, root.GetProperty("text_sha256").GetString());
        Assert.Equal(shipped.WeightsSha256, root.GetProperty("weights_sha256").GetString());
        var rows = root.GetProperty("results").EnumerateArray().ToArray();
        Assert.Equal(["FP16", "4-bit"], rows.Select(row => row.GetProperty("quantization").GetString()));
        foreach (var row in rows)
        {
            var expected = shipped.Results.Single(other => other.Format == row.GetProperty("format").GetString()).Quality;
            var quality = row.GetProperty("quality");
            Assert.Equal(expected.Perplexity!.Value, quality.GetProperty("perplexity").GetDouble(), expected.Perplexity.Value * 0.005);
            if (expected.MeanKlDivergence is { } divergence)
            {
                Assert.Equal(divergence, quality.GetProperty("mean_kl_divergence").GetDouble(), divergence * 0.05);
            }
        }
    }

    [Fact]
    public void AQuantizedCheckpointIsARowAndRunsUnderItsLabel()
    {
        using var folder = new TemporaryFolder();
        var lines = File.ReadAllLines(OwnText);
        File.WriteAllLines(folder["calibration.txt"], lines[..50]);
        File.WriteAllLines(folder["evaluation.txt"], lines[50..]);
        var quantized = folder["quantized"];
        TestProgram.Run(["quantize", Repository.Nano, "--quantization", "4-bit", "--calibration", folder["calibration.txt"], "--out", quantized])
            .ShouldSucceed();

        var rows = Evaluate("--quantizations", "4-bit", "--text", folder["evaluation.txt"], "--quantized", quantized, "--out", folder["results"])
            .GetProperty("results").EnumerateArray().ToArray();
        Assert.Equal(["FP16", "4-bit", "int4-g32-sym+gptq"], rows.Select(row => row.GetProperty("quantization").GetString()));
        double Divergence(int row) => rows[row].GetProperty("quality").GetProperty("mean_kl_divergence").GetDouble();
        Assert.True(Divergence(2) < 0.6 * Divergence(1));
        Assert.Contains("int4-g32-sym+gptq", File.ReadAllText(Path.Combine(folder["results"], "evaluation.md")), StringComparison.Ordinal);
        Assert.Equal(3, JsonDocument.Parse(File.ReadAllText(Path.Combine(folder["results"], "evaluation.json"))).RootElement.GetProperty("results").GetArrayLength());

        TestProgram.Run(["evaluate", "--model-path", quantized, "--text", folder["calibration.txt"], "--backend", "cpu"]).ShouldFail(2, "calibrated on");
        TestProgram.Run(
        [
            "--filter", "*", "--model-path", quantized, "--quantizations", "4-bit", "--quality", "--text", folder["calibration.txt"], "--backend", "cpu",
            "--artifacts", folder["artifacts"],
        ]).ShouldFail(2, "calibrated on");
        TestProgram.Run(["generate", "--model-path", quantized, "--quantization", "4-bit", "--tokens", "3", "--backend", "cpu"]).ShouldSucceed();
        TestProgram.Run(["--filter", "*", "--model-path", quantized, "--artifacts", folder["artifacts"]]).ShouldFail(2, "FP16 can't be made");
    }

    [Fact]
    public void WikitextIsJoinedAndTheProtocolSaysSo()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["wiki.raw"], " \n = The sea = \n \n It was calm . \n");
        File.WriteAllText(folder["joined.txt"], "\n\n = The sea = \n\n\n\n\n It was calm . \n");
        var joined = Evaluate("--quantizations", "FP16", "--text", folder["wiki.raw"], "--join", "wikitext", "--out", folder["results"]);
        var plain = Evaluate("--quantizations", "FP16", "--text", folder["joined.txt"]);
        Assert.Equal("wikitext", joined.GetProperty("join").GetString());
        Assert.Equal(plain.GetProperty("scored_tokens").GetInt32(), joined.GetProperty("scored_tokens").GetInt32());
        Assert.Equal(Perplexity(plain), Perplexity(joined));
        Assert.Contains("lines joined as wikitext", File.ReadAllText(Path.Combine(folder["results"], "evaluation.md")), StringComparison.Ordinal);

        static double Perplexity(JsonElement report) => report.GetProperty("results")[0].GetProperty("quality").GetProperty("perplexity").GetDouble();
    }

    [Fact]
    public void TheMainJobMeasuresQualityWhenAsked()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllLines(folder["text.txt"], File.ReadAllLines(OwnText)[..12]);
        var outcome = TestProgram.Run(
        [
            "--filter", "*Generate50*", "--smoke", "--inProcess", "--backend", "cpu", "--model-path", Repository.Nano, "--quantizations", "FP16,4-bit",
            "--quality", "--text", folder["text.txt"], "--artifacts", folder["artifacts"],
        ]).ShouldSucceed();
        var rows = ReportFile.Read(Path.Combine(folder["artifacts"], "llm_benchmark_results.json")).Results;
        Assert.Null(rows[0].Quality!.MeanKlDivergence);
        Assert.InRange(rows[1].Quality!.MeanKlDivergence!.Value, 0.01, 0.2);
        Assert.Equal(rows[1].Quality!.Perplexity!.Value / rows[0].Quality!.Perplexity!.Value, rows[1].Quality!.PerplexityRatio!.Value, 6);
        Assert.Contains("Same Top-1", outcome.Output, StringComparison.Ordinal);
    }

    private static JsonElement Evaluate(params string[] arguments) => JsonDocument.Parse(
        TestProgram.Run(["evaluate", "--model-path", Repository.Nano, "--backend", "cpu", "--json", .. arguments]).ShouldSucceed().Output).RootElement;
}
