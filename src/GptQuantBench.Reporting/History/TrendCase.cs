using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.History;

/// <summary>What must be equal for two runs' figures to belong to one series.</summary>
/// <param name="ModelName">Name of the model.</param>
/// <param name="Quantization">The format as tables show it.</param>
/// <param name="Backend">What computed.</param>
/// <param name="Device">Name of the device.</param>
/// <param name="Decode">The decode path.</param>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="NewTokens">Tokens of the throughput run.</param>
/// <param name="BatchSize">Sequences that decode together.</param>
public sealed record TrendCase(
    string ModelName, string Quantization, string? Backend, string? Device, string? Decode, int? PromptTokens, int? NewTokens, int? BatchSize)
{
    /// <summary>The case of a row.</summary>
    public static TrendCase Of(CaseResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return new(
            result.ModelName, result.Quantization, result.Backend, result.Device, result.Decode, result.PromptTokens, result.NumTokensGenerated, result.BatchSize);
    }
}
