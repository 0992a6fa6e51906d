using System.Globalization;

namespace GptQuantBench.Inference.Sampling;

/// <summary>How the next token is chosen from the logits.</summary>
/// <param name="Temperature">Divides the logits, 0 to <see cref="MaxTemperature"/>; 0 means greedy (largest logit, lowest id on ties).</param>
/// <param name="TopP">Nucleus: the smallest set of most probable tokens whose probability reaches this, 0 &lt; TopP ≤ 1.</param>
/// <param name="Seed">Seed of the counter-based generator; token n of a sequence always uses draw n.</param>
public readonly record struct SamplingOptions(float Temperature, float TopP, ulong Seed)
{
    /// <summary>Above it a distribution is flat for any logits a model gives.</summary>
    public const float MaxTemperature = 100f;

    /// <summary>The largest logit, always.</summary>
    public static SamplingOptions Greedy => new(0f, 1f, 0);

    /// <summary>True where no random number is used.</summary>
    public bool IsGreedy => Temperature == 0f;

    /// <summary>Why these options cannot be used, in one sentence for the user; null if they can.</summary>
    public string? FindError()
    {
        // Written so that NaN fails.
        if (!(Temperature >= 0f && Temperature <= MaxTemperature))
        {
            return string.Create(CultureInfo.InvariantCulture, $"The temperature is {Temperature}, expected 0 (greedy) to {MaxTemperature}; give one in this range.");
        }

        return TopP > 0f && TopP <= 1f
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"The top-p is {TopP}, expected more than 0 and at most 1; give one in this range.");
    }
}
