using GptQuantBench.Benchmarks;
using GptQuantBench.Benchmarks.Kernels;
using GptQuantBench.Benchmarks.Sweeps;
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

    /// <summary>
    /// The points of sweeps that need not be measured again: those of a sweep over a case all of whose points succeeded and are this
    /// run's.
    /// </summary>
    public static IReadOnlyList<SweepResult> SweepsOf(
        string artifactsDirectory, RunSettings settings, IReadOnlyDictionary<string, string> weightHashes)
    {
        var path = Path.Combine(artifactsDirectory, ReportWriter.FileName);
        return settings.Sweeps is not { } sweeps || !File.Exists(path)
            ? []
            :
            [
                .. ReportFile.Read(path).Sweeps
                    .Where(row => weightHashes.GetValueOrDefault(row.ModelName) is { } hash && hash == row.WeightsSha256 && row.Backend == settings.Backend)
                    .GroupBy(row => (row.Sweep, row.ModelName, row.Quantization))
                    .Where(points => IsWhole([.. points], sweeps))
                    .SelectMany(points => points),
            ];
    }

    /// <summary>The rows of kernels that need not be measured again: those of a kernel on a format, or of a probe, that are whole.</summary>
    public static IReadOnlyList<KernelResult> KernelsOf(string artifactsDirectory, RunSettings settings)
    {
        var path = Path.Combine(artifactsDirectory, ReportWriter.FileName);
        return settings.KernelBenchmarks is not { } kernels || !File.Exists(path)
            ? []
            :
            [
                .. ReportFile.Read(path).Kernels
                    .Where(row => row.Backend == settings.Backend)
                    .GroupBy(row => (row.Kernel, row.Quantization))
                    .Where(rows => IsWhole(rows.Key.Kernel, rows.Key.Quantization, [.. rows], kernels))
                    .SelectMany(rows => rows),
            ];
    }

    /// <summary>True where a row is of a kernel and a format, or of a probe.</summary>
    public static bool IsKernel(this KernelResult row, string kernel, string? format) =>
        row.Kernel == kernel && row.Quantization == (format is null ? null : QuantizationFormat.Parse(format).Label);

    /// <summary>True where a point belongs to a sweep over a model and a format.</summary>
    public static bool IsSweep(this SweepResult row, SweepKind kind, string model, string format) =>
        row.Sweep == kind.Name && row.ModelName == model && row.Quantization == QuantizationFormat.Parse(format).Label;

    /// <summary>True where a row is the case of a model and a format.</summary>
    public static bool IsCase(this CaseResult row, string model, string format) =>
        row.ModelName == model && row.Quantization == QuantizationFormat.Parse(format).Label;

    private static bool IsWhole(string kernel, string? format, KernelResult[] rows, KernelSettings kernels) =>
        rows.All(row => row.Success)
        && (format is null || kernels.Points(kernel, format).Where(point => !point.IsWarm).Select(point => (point.Shape.Columns, point.Shape.Rows, point.BatchSize))
            .SequenceEqual(rows.Select(row => (row.Columns ?? 0, row.Rows ?? 0, row.BatchSize ?? 0))));

    private static bool IsWhole(SweepResult[] rows, SweepSettings sweeps) =>
        SweepKind.All.FirstOrDefault(kind => kind.Name == rows[0].Sweep) is { } kind
        && sweeps.ContextLengths.ContainsKey(rows[0].ModelName)
        && sweeps.Formats.Any(format => rows[0].IsSweep(kind, rows[0].ModelName, format))
        && rows.All(row => row.Success && row.NumTokensGenerated == kind.TokensOf(sweeps))
        && kind.Points(sweeps, rows[0].ModelName) is var points
        && points.Count == rows.Length
        && points.All(point => rows.Any(row => row.DepthTokens == point.DepthTokens
            && (point.PromptTokens ?? row.PromptTokens) == row.PromptTokens
            && (point.BatchSize ?? row.BatchSize) == row.BatchSize));

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
