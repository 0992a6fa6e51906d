using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GptQuantBench.Inference.Sampling;

/// <summary>
/// Classes of tokens with nearly the same probability, by the distance of the logit from the largest: 32 an octave of the weight. Subtraction
/// and multiplication round monotonically, so a token of a larger logit is never in a later bucket. The operations, each rounded to nearest
/// even, are the same on every device:
/// <code>
/// octaves = (max − logit) · scale
/// bucket = int(min(octaves, 31) · 32), truncated; behind 31 octaves all weights are 0
/// </code>
/// </summary>
internal static class LogitBuckets
{
    /// <summary>Number of buckets.</summary>
    public const int Count = (MaxOctaves * PerOctave) + 1;

    private const int PerOctave = 32;
    private const int MaxOctaves = 31;

    /// <summary>The bucket of every token, and the sum of the weights of every bucket.</summary>
    /// <param name="logits">One logit per token, none of them NaN or +infinity.</param>
    /// <param name="weights">Their weights by <see cref="TokenWeights"/>.</param>
    /// <param name="max">The largest logit.</param>
    /// <param name="scale">The scale of the weights.</param>
    /// <param name="buckets">Receives one bucket per token.</param>
    /// <param name="sums">Receives one sum per bucket.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(ReadOnlySpan<float> logits, ReadOnlySpan<int> weights, float max, float scale, Span<int> buckets, Span<ulong> sums)
    {
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(logits);
        Span<Vector<int>> results = MemoryMarshal.Cast<int, Vector<int>>(buckets);
        var most = new Vector<float>(MaxOctaves);
        for (int i = 0; i < vectors.Length; i++)
        {
            Vector<float> octaves = (new Vector<float>(max) - vectors[i]) * scale;
            Vector<float> limited = Vector.ConditionalSelect(Vector.LessThan(octaves, most), octaves, most);
            results[i] = Vector.ConvertToInt32Native(limited * PerOctave);
        }

        for (int i = vectors.Length * Vector<float>.Count; i < logits.Length; i++)
        {
            buckets[i] = Of(logits[i], max, scale);
        }

        sums.Clear();
        for (int i = 0; i < buckets.Length; i++)
        {
            sums[buckets[i]] += (uint)weights[i];
        }
    }

    /// <summary>Writes the ids of a bucket's tokens, ascending, and returns how many there are.</summary>
    /// <param name="buckets">One bucket per token.</param>
    /// <param name="bucket">Which is meant.</param>
    /// <param name="first">Id of the first token.</param>
    /// <param name="ids">Room for as many ids as there are tokens.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Collect(ReadOnlySpan<int> buckets, int bucket, int first, Span<int> ids)
    {
        int count = 0;
        for (int at = buckets.IndexOf(bucket); at >= 0;)
        {
            ids[count++] = first + at;
            int next = buckets[(at + 1)..].IndexOf(bucket);
            at = next < 0 ? -1 : at + 1 + next;
        }

        return count;
    }

    /// <summary>The bucket of one token.</summary>
    public static int Of(float logit, float max, float scale) => (int)(Math.Min((max - logit) * scale, MaxOctaves) * PerOctave);
}
