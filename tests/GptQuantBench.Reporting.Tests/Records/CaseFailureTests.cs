using System.Text.Json.Nodes;
using GptQuantBench.Reporting.Json;
using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Tests.Support;

namespace GptQuantBench.Reporting.Tests.Records;

public sealed class CaseFailureTests
{
    private static readonly string[] _kept =
    [
        "model_name", "quantization", "success", "error", "format", "backend", "decode", "default_decode", "device", "weights",
        "weights_sha256", "prompt", "prompt_ids", "prompt_tokens", "batch_size", "seed", "temperature", "top_p", "num_parameters",
        "parameter_bytes", "bits_per_weight", "resident_bytes", "driver_bytes", "leaked_bytes",
    ];

    [Fact]
    public void FailedCaseKeepsWhatWasAskedAndLosesItsFigures()
    {
        CaseResult failed = CaseFailure.Of(SampleReports.Full().Results[0], "Layer 3 gave NaN:\n  check the weights.");

        JsonNode json = JsonNode.Parse(ReportJson.Serialize(new RunReport { Results = [failed] }))!["results"]![0]!;

        Assert.Equal(_kept.Order(), json.AsObject().Where(pair => pair.Value is not null).Select(pair => pair.Key).Order());
        Assert.False(failed.Success);
        Assert.Equal("Layer 3 gave NaN: check the weights.", failed.Error);
    }

    [Fact]
    public void FailureWithoutAReasonIsRefused() =>
        Assert.Throws<ArgumentException>(() => CaseFailure.Of(SampleReports.Full().Results[0], " "));
}
