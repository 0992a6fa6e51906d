using System.Text;
using System.Text.Json.Nodes;
using GptQuantBench.Reporting.Json;
using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Tests.Support;

namespace GptQuantBench.Reporting.Tests.Json;

public sealed class ReportFileReadTests : IDisposable
{
    private const string ReferenceCase =
        """{"model_name": "gpt2", "quantization": "FP16", "load_time_sec": 2.5, "memory_gb": 0.25, "first_token_latency_ms": 16.1, "throughput_tokens_per_sec": 127, "total_inference_time_sec": 0.39, "num_tokens_generated": 50, "success": true}""";

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string, string> WrongFiles => new()
    {
        { "", "is not JSON" },
        { "not json", "is not JSON" },
        { "{\"results\": [", "is not JSON" },
        { "{\"results\": []} trailing", "is not JSON" },
        { "{\"results\": [{\"memory_gb\": NaN}]}", "is not JSON" },
        { new string('[', 1000), "is not JSON" },
        { "\"text\"", "holds a string" },
        { "null", "holds null" },
        { "{}", "no key 'results'" },
        { "{\"results\": null}", "holds null" },
        { "{\"results\": {}}", "holds an object" },
        { "{\"results\": [null]}", "has null at $.results[0]" },
        { "{\"results\": [], \"\\n\": [null]}", "has null at $." },
        { "{\"results\": [], \"metadata\": {\"gpu\": \"\\ud800\"}}", "at $.metadata.gpu" },
        { "{\"results\": [], \"\\ud800\": 1}", "has a wrong or missing value" },
        { "{\"results\": [], \"\\ud800\": [null]}", "half a surrogate pair" },
        { "[null]", "has null at $[0]" },
        { "{\"results\": [1]}", "at $" },
        { "{\"results\": [], \"metadata\": null}", "at $.metadata" },
        { "{\"results\": [], \"metadata\": []}", "at $.metadata" },
        { "{\"results\": [], \"sweeps\": 1}", "at $.sweeps" },
        { "{\"schema_version\": 1, \"results\": []}", "schema_version" },
        { "{\"schema_version\": null, \"results\": []}", "schema_version" },
        { "{\"schema_version\": \"one\", \"results\": []}", "schema_version" },
        { "{\"schema_version\": \"2.0\", \"results\": []}", "schema_version 2.0" },
        { "{\"schema_version\": \"0.9\", \"results\": []}", "schema_version 0.9" },
        { "[{\"quantization\": \"FP16\", \"success\": true}]", "model_name" },
        { "[{\"model_name\": \"gpt2\", \"quantization\": \"FP16\"}]", "success" },
    };

    public static TheoryData<string, string> WrongValues => new()
    {
        { "results/0/load_time_sec", "\"1.5\"" },
        { "results/0/memory_gb", "true" },
        { "results/0/first_token_latency_ms", "1e999" },
        { "results/0/num_tokens_generated", "49.5" },
        { "results/0/success", "\"yes\"" },
        { "results/0/model_name", "null" },
        { "results/0/weights", "\"made up\"" },
        { "results/0/prompt_ids", "\"464\"" },
        { "results/0/seed", "-1" },
        { "results/0/samples/load_time_sec", "[[\"1\"]]" },
        { "results/0/roofline", "3" },
        { "metadata/started_at", "\"yesterday\"" },
        { "metadata/host/cores", "1.5" },
        { "metadata/notices", "null" },
    };

    /// <summary>What is at a limit is read, one more is refused; a reader must not pay for what a file claims.</summary>
    [Theory]
    [InlineData("values", 1_000_000 - 8, "more than 1000000 values")]
    [InlineData("text", 200_000, "a text of 200001 bytes, expected at most 200000")]
    [InlineData("cases", 2000, "more than 2000 cases")]
    [InlineData("bytes", 16_000_000, "more than 16000000 bytes")]
    public void WhatIsTooLargeIsRefused(string what, int most, string expected)
    {
        Func<int, string> file = what switch
        {
            "values" => count => $"{{\"results\": [], \"a\": [{string.Join(',', Enumerable.Repeat('1', count))}]}}",
            "text" => count => $"{{\"results\": [], \"a\": \"{new string('a', count)}\"}}",
            "cases" => count => $"[{string.Join(',', Enumerable.Repeat(ReferenceCase, count))}]",
            _ => count => "[]".PadRight(count),
        };
        Read(file(most));
        AssertRefused(file(most + 1), expected);
    }

    [Theory, MemberData(nameof(WrongFiles))]
    public void WrongFileIsOneClearSentence(string content, string expected) => AssertRefused(content, expected);

    [Theory, MemberData(nameof(WrongValues))]
    public void WrongValueIsNamedByItsPath(string path, string value)
    {
        JsonNode json = JsonNode.Parse(ReportJson.Serialize(SampleReports.Full()))!;
        JsonTree.Set(json, path, JsonNode.Parse(value));
        AssertRefused(json.ToJsonString(), path.Split('/')[^1]);
    }

    [Fact]
    public void WhatIsNoJsonIsNamedByItsLineAndByte() => AssertRefused("{\n  \"results\": x", "is not JSON (line 2, byte 14)");

    [Fact]
    public void ACaseWithoutARequiredKeyIsNamedByItsNumber() => AssertRefused(
        "[{\"model_name\": \"m\", \"quantization\": \"FP16\", \"success\": true}, {\"model_name\": \"m\", \"success\": true}]",
        "has no key 'quantization' in case 2 of its results");

    [Fact]
    public void MissingFileIsOneClearSentence() => AssertSentence(() => ReportFile.Read(_folder.FileNamed("none.json")), "does not exist");

    [Fact]
    public void MissingFolderIsOneClearSentence() => AssertSentence(() => ReportFile.Read(_folder.FileNamed("a", "b.json")), "does not exist");

    [Fact]
    public void FolderInsteadOfAFileIsOneClearSentence() => AssertSentence(() => ReportFile.Read(_folder.FileNamed()), "cannot be read");

    [Fact]
    public void EmptyPathIsOneClearSentence() => AssertSentence(() => ReportFile.Read(""), "cannot be read");

    [Fact]
    public void DamagedBytesAreEitherAReportOrRefused()
    {
        byte[] good = ReportJson.Serialize(SampleReports.Full());
        var random = new Random(7);
        int refused = 0;
        for (int round = 0; round < 1000; round++)
        {
            byte[] damaged = [.. good];
            for (int change = random.Next(1, 4); change > 0; change--)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            try
            {
                ReportJson.Serialize(ReportJson.Parse(damaged, "damaged.json"));
            }
            catch (ReportFormatException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 100, 999);
    }

    [Fact]
    public void ReportWithMetadataOfTheReferenceScriptIsRead()
    {
        RunReport report = Read($$"""{"metadata": {"gpu": "L40S", "cuda_version": "12.1", "pytorch_version": "2.4", "total_vram_gb": 48}, "results": [{{ReferenceCase}}]}""");

        Assert.Null(report.SchemaVersion);
        Assert.Equal(("L40S", 48.0), (report.Metadata.Gpu, report.Metadata.TotalVramGb));
        CaseResult result = Assert.Single(report.Results);
        Assert.Equal(("gpt2", "FP16", 2.5, 127.0, true), (result.ModelName, result.Quantization, result.LoadTimeSec, result.ThroughputTokensPerSec, result.Success));
        Assert.Equal((null, null, null, null), (result.Backend, result.Weights, result.Samples, result.Spread));
        Assert.Empty(report.Sweeps);
        Assert.Empty(report.Metadata.Notices);
    }

    [Fact]
    public void BareListOfTheReferenceScriptIsRead()
    {
        RunReport report = Read($"[{ReferenceCase}, {ReferenceCase}]");

        Assert.Null(report.SchemaVersion);
        Assert.Equal([0.25, 0.25], report.Results.Select(result => result.MemoryGb));
        Assert.Null(report.Metadata.Gpu);
    }

    [Fact]
    public void FailedCaseOfTheReferenceScriptIsRead()
    {
        CaseResult result = Assert.Single(Read("""[{"model_name": "gpt2", "quantization": "4-bit", "success": false, "error": "no CUDA"}]""").Results);
        Assert.Equal((false, "no CUDA", null), (result.Success, result.Error, result.MemoryGb));
    }

    [Fact]
    public void NewerMinorVersionWithUnknownKeysIsRead() =>
        Assert.Equal("1.7", Read("""{"schema_version": "1.7", "new": {"a": [1]}, "metadata": {"new": 1}, "results": []}""").SchemaVersion);

    [Fact]
    public void ByteOrderMarkIsSkipped()
    {
        string path = _folder.FileNamed("bom.json");
        File.WriteAllText(path, $"[{ReferenceCase}]", new UTF8Encoding(encoderShouldEmitUTF8Identifier: true));
        Assert.Single(ReportFile.Read(path).Results);
    }

    public void Dispose() => _folder.Dispose();

    private RunReport Read(string content)
    {
        string path = _folder.FileNamed("report.json");
        File.WriteAllText(path, content);
        return ReportFile.Read(path);
    }

    private void AssertRefused(string content, string expected) => AssertSentence(() => Read(content), expected);

    private static void AssertSentence(Action read, string expected)
    {
        string message = Assert.Throws<ReportFormatException>(read).Message;
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.StartsWith("Report '", message, StringComparison.Ordinal);
        Assert.EndsWith(".", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }
}
