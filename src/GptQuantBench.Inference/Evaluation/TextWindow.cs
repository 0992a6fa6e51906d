using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Evaluation;

/// <summary>A part of a text that is run as one fresh sequence.</summary>
/// <param name="Start">Its first token.</param>
/// <param name="Length">Tokens.</param>
/// <param name="FirstScored">Index within the window, at least 1, of the first token that counts; Length where none does.</param>
public readonly record struct TextWindow(int Start, int Length, int FirstScored)
{
    /// <summary>
    /// The windows of a text, as Hugging Face's guide to the perplexity of fixed-length models cuts it: a window starts every
    /// <paramref name="stride"/> tokens, and only tokens that no earlier window has reached count, as far as they have a token before
    /// them in their window. With a stride of the window's length, a window's first token is never scored.
    /// </summary>
    /// <exception cref="ModelFormatException">No token can be scored.</exception>
    public static IReadOnlyList<TextWindow> Cut(int tokens, int window, int stride)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(stride, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(stride, window);
        List<TextWindow> windows = [];
        int reached = 0;
        for (int start = 0; start < tokens && reached < tokens; start += stride)
        {
            int length = Math.Min(window, tokens - start);
            windows.Add(new(start, length, Math.Max(1, reached - start)));
            reached = start + length;
        }

        return windows.Exists(part => part.FirstScored < part.Length)
            ? windows
            : throw new ModelFormatException(
                $"The text has {tokens} tokens, of which none can be scored in windows of {window}; "
                + "give a text of at least two tokens to a model with a context of at least two.");
    }
}
