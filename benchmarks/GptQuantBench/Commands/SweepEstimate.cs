using BenchmarkDotNet.Running;
using GptQuantBench.Benchmarks;
using GptQuantBench.Benchmarks.Sweeps;
using GptQuantBench.Configuration;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Commands;

/// <summary>
/// How long sweeps take, roughly, before anything is measured: work over the speeds of an ordinary machine of each kind. To decide
/// whether to wait, not for figures.
/// </summary>
internal static class SweepEstimate
{
    /// <summary>The time of all benchmarks.</summary>
    public static TimeSpan Of(RunSettings settings, IEnumerable<BenchmarkCase> benchmarks) => benchmarks.Aggregate(
        TimeSpan.Zero,
        (sum, benchmark) => sum + Of(settings, SweepKind.Of(benchmark.Descriptor.Type), benchmark.ModelName(), benchmark.FormatName()));

    /// <summary>The time of a sweep over one case.</summary>
    public static TimeSpan Of(RunSettings settings, SweepKind kind, string model, string format)
    {
        var machine = EstimatedMachine.Of(settings.Backend);
        var sweeps = settings.Sweeps!;
        using var opened = OpenedModel.Open(settings.Model(model));
        var footprint = ModelFootprint.Of(opened.Architecture, opened.Configuration, QuantizationFormat.Parse(format));
        var step = machine.StepSeconds + (footprint.BytesPerToken / machine.BytesPerSecond);
        double Prefill(int tokens) => step + (2.0 * footprint.ParameterCount * tokens / machine.FlopsPerSecond);
        double Call(SweepPoint point) => point switch
        {
            { PromptTokens: { } prompt } => Prefill(prompt),
            // A step of a batch is read from memory once, and computed like a prompt of as many tokens.
            { BatchSize: { } size } => sweeps.BatchTokens * (size == 1 ? step : Prefill(size)),
            _ => sweeps.Tokens * step,
        };
        var calls = kind.RepeatsOf(sweeps) + sweeps.WarmUps;
        var seconds = machine.StartSeconds
            + (4.0 * footprint.ParameterCount / machine.LoadBytesPerSecond)
            + kind.Points(sweeps, model).Sum(point => (calls * Call(point)) + Prefill(point.DepthTokens ?? 0));
        return TimeSpan.FromSeconds(seconds);
    }
}
