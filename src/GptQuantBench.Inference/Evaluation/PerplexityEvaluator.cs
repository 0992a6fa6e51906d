using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Evaluation;

/// <summary>
/// Perplexity of a text that is tokenised once as a whole and cut into consecutive windows of the model's context length: each window
/// is a fresh sequence, its first token is not scored, a later token t costs logsumexp(logits[t − 1]) − logits[t − 1][id of t].
/// </summary>
public static class PerplexityEvaluator
{
    /// <summary>Evaluates.</summary>
    /// <param name="model">The model.</param>
    /// <param name="ids">The text.</param>
    /// <param name="progress">Called with scored tokens and their final number as the evaluation goes; null where nobody looks.</param>
    /// <exception cref="ModelFormatException">The text has fewer than two tokens, or the model's logits are not finite.</exception>
    /// <exception cref="ArgumentException">An id is outside the vocabulary.</exception>
    public static PerplexityResult Evaluate(ILanguageModel model, ReadOnlySpan<int> ids, Action<int, int>? progress = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        int window = model.Configuration.ContextLength;
        int windows = (ids.Length + window - 1) / window;
        int total = ids.Length - windows;
        if (total < 1)
        {
            throw new ModelFormatException(
                $"The text has {ids.Length} tokens, of which none can be scored in windows of {window}; "
                + "give a text of at least two tokens to a model with a context of at least two.");
        }

        int vocabulary = model.Configuration.VocabularySize;
        int[] text = ids.ToArray();
        double sum = 0;
        int scored = 0;
        using IDecodingSession session = model.CreateSession(Math.Min(window, ids.Length));
        for (int start = 0; start < text.Length; start += window)
        {
            int windowStart = start;
            int length = Math.Min(window, text.Length - start);
            if (length < 2)
            {
                continue;
            }

            // The last token of a window predicts nothing that is scored, so it is not run.
            session.Reset();
            session.ComputeLogits(text.AsSpan(start, length - 1), (position, count, logits) =>
            {
                for (int i = 0; i < count; i++)
                {
                    sum += NegativeLogLikelihood(logits.Slice(i * vocabulary, vocabulary), text[windowStart + position + i + 1]);
                }

                scored += count;
                progress?.Invoke(scored, total);
            });
        }

        if (!double.IsFinite(sum))
        {
            throw new ModelFormatException(
                "The model's logits are NaN or infinite on this text, where finite ones are expected; use undamaged weights.");
        }

        return new(sum / scored, scored, window, window);
    }

    /// <summary>logsumexp(logits) − logits[id].</summary>
    private static double NegativeLogLikelihood(ReadOnlySpan<float> logits, int id) => LogSumExp.Of(logits) - logits[id];
}
