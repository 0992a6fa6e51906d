using System.Globalization;

namespace GptQuantBench.Inference.Sampling;

/// <summary>The model gave logits from which no token can be chosen. The message is one sentence for the user.</summary>
public sealed class NonFiniteLogitsException : InvalidOperationException
{
    /// <param name="token">Id of the first token whose logit is NaN or +infinity; any token where all are −infinity.</param>
    /// <param name="logit">Its logit.</param>
    public NonFiniteLogitsException(int token, float logit)
        : base(string.Create(
            CultureInfo.InvariantCulture,
            $"The logits of token {token} are not finite ({logit}), expected numbers; check the model's weights for NaN and infinity, or another backend."))
    {
    }
}
