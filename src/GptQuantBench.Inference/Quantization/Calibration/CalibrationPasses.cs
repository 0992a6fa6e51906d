using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Quantization.Calibration;

/// <summary>The architectures that can be calibrated, by the <c>model_type</c> of their configuration.</summary>
internal static class CalibrationPasses
{
    private static readonly Dictionary<string, Func<ModelConfiguration, Func<string, float[]>, ICalibrationPass>> _factories =
        new(StringComparer.Ordinal)
        {
            [Gpt2Architecture.Type] = (configuration, weights) => new Gpt2CalibrationPass(configuration, weights),
        };

    /// <summary>The pass of a model.</summary>
    /// <exception cref="ModelFormatException">The architecture is not known here.</exception>
    public static ICalibrationPass For(ModelConfiguration configuration, Func<string, float[]> weights) =>
        _factories.TryGetValue(configuration.Architecture, out var factory)
            ? factory(configuration, weights)
            : throw new ModelFormatException(
                $"There is no calibration for model_type {Quoted.Text(configuration.Architecture)}, only for {string.Join(", ", _factories.Keys)}; "
                + "choose a format without +gptq.");
}
