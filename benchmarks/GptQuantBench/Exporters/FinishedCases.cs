using GptQuantBench.Benchmarks;
using GptQuantBench.Inference.Quantization;
using GptQuantBench.Reporting.Json;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Exporters;

/// <summary>What <c>--resume</c> goes on from: rows of the report in the artifacts folder that did the same work.</summary>
internal static class FinishedCases
{
    /// <summary>The rows that need not be measured again; none without a report, or where the work differs.</summary>
    public static IReadOnlyList<CaseResult> Of(string artifactsDirectory, RunSettings settings, IReadOnlyDictionary<string, string> weightHashes)
    {
        var path = Path.Combine(artifactsDirectory, ReportWriter.FileName);
        return File.Exists(path) ? [.. ReportFile.Read(path).Results.Where(row => IsSameWork(row, settings, weightHashes))] : [];
    }

    /// <summary>True where a row is the case of a model and a format.</summary>
    public static bool IsCase(this CaseResult row, string model, string format) =>
        row.ModelName == model && row.Quantization == QuantizationFormat.Parse(format).Label;

    private static bool IsSameWork(CaseResult row, RunSettings settings, IReadOnlyDictionary<string, string> weightHashes) =>
        row.Success
        && weightHashes.TryGetValue(row.ModelName, out var hash) && hash == row.WeightsSha256
        && settings.Formats.Any(format => row.IsCase(row.ModelName, format))
        && row.Backend == settings.Backend
        && row.Prompt == settings.Prompt
        && row.NumTokensGenerated == settings.Tokens
        && row.Seed == settings.Seed
        && row.Temperature == CaseBuilder.AsTyped(settings.Temperature)
        && row.TopP == CaseBuilder.AsTyped(settings.TopP);
}
