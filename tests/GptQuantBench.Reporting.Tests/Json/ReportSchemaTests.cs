using System.Text.Json.Nodes;
using GptQuantBench.Reporting.Json;
using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Tests.Support;

namespace GptQuantBench.Reporting.Tests.Json;

public sealed class ReportSchemaTests
{
    public static TheoryData<string, string> Plants => new()
    {
        { "results/0/load_time_sec", "\"fast\"" },
        { "results/0/load_time_sec", "0" },
        { "results/0/memory_gb", "\"\"" },
        { "results/0/success", "1" },
        { "results/0/success", "false" },
        { "results/0/backend", "\"abacus\"" },
        { "results/0/weights", "\"made up\"" },
        { "results/0/model_name", "\"\"" },
        { "results/0/prompt_ids", "[1.5]" },
        { "results/0/samples/load_time_sec", "[1]" },
        { "results/0/quality/same_top1_share", "1.1" },
        { "results/0/a_new_key", "1" },
        { "results/4/memory_gb", "1.5" },
        { "results/4/error", "\"\"" },
        { "metadata/started_at", "\"yesterday\"" },
        { "metadata/pytorch_version", "\"2.9\"" },
        { "metadata/toolchain", "\"abroad\"" },
        { "schema_version", "\"2.0\"" },
        { "sweeps/0/success", "null" },
        { "sweeps/0/sweep", "\"weather\"" },
        { "sweeps/1/first_token_latency_ms", "0" },
        { "sweeps/3/depth_tokens", "-1" },
        { "sweeps/7/inter_token_latency_ms/count", "0" },
        { "kernels/0/rows", "-1" },
    };

    public static TheoryData<string> RequiredKeys =>
    [
        "schema_version", "metadata", "results", "sweeps", "kernels", "metadata/gpu", "metadata/pytorch_version", "metadata/tool_version",
        "results/0/model_name", "results/0/quantization", "results/0/load_time_sec", "results/0/memory_gb", "results/0/first_token_latency_ms",
        "results/0/throughput_tokens_per_sec", "results/0/total_inference_time_sec", "results/0/num_tokens_generated", "results/0/success",
        "results/0/format", "results/0/backend", "results/0/weights", "results/4/error",
    ];

    [Fact]
    public async Task FullReportIsValid() => Assert.Empty(await Errors(Json(SampleReports.Full())));

    [Fact]
    public async Task MinimalReportWithAFailedCaseIsValid() => Assert.Empty(await Errors(Json(SampleReports.Minimal())));

    [Fact]
    public async Task RunWithoutCasesIsValid() => Assert.Empty(await Errors(Json(SampleReports.Minimal() with { Results = [] })));

    [Fact]
    public async Task FiguresThatAreNoNumbersAreWrittenAsNull()
    {
        RunReport full = SampleReports.Full();
        RunReport report = full with
        {
            Results = [full.Results[0] with { LoadTimeSec = double.NaN, BitsPerWeight = double.PositiveInfinity }],
        };

        JsonNode json = Json(report);

        Assert.Null(json["results"]![0]!["load_time_sec"]);
        Assert.Null(json["results"]![0]!["bits_per_weight"]);
        Assert.Empty(await Errors(json));
    }

    [Theory, MemberData(nameof(Plants))]
    public async Task PlantedValueIsInvalid(string path, string value)
    {
        JsonNode json = Json(SampleReports.Full());
        JsonTree.Set(json, path, JsonNode.Parse(value));
        Assert.NotEmpty(await Errors(json));
    }

    [Theory, MemberData(nameof(RequiredKeys))]
    public async Task MissingKeyIsInvalid(string path)
    {
        JsonNode json = Json(SampleReports.Full());
        JsonTree.Remove(json, path);
        Assert.NotEmpty(await Errors(json));
    }

    private static JsonNode Json(RunReport report) => JsonNode.Parse(ReportJson.Serialize(report))!;

    private static async Task<IEnumerable<object>> Errors(JsonNode json) =>
        (await ReportSchema.Load()).Validate(json.ToJsonString());
}
