using GptQuantBench.Reporting.Json;

namespace GptQuantBench.Reporting.Records;

/// <summary>
/// The quality of all formats on the trained model that the repository ships, for runs whose own weights say nothing about it. The
/// file is written by <c>evaluate --model-path tests/fixtures/gpt2-nano --text tests/fixtures/texts/own.txt --quantizations all
/// --backend cpu --out src/GptQuantBench.Reporting/ShippedQuality</c>.
/// </summary>
public static class ShippedQuality
{
    private static readonly Lazy<EvaluationReport> _report = new(() =>
    {
        using Stream stream = typeof(ShippedQuality).Assembly.GetManifestResourceStream("ShippedQuality.json")
            ?? throw new InvalidOperationException("The resource ShippedQuality.json is missing.");
        return ReportJson.ParseEvaluation(stream);
    });

    /// <summary>The evaluation.</summary>
    public static EvaluationReport Report => _report.Value;
}
