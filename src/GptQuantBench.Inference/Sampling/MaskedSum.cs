using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GptQuantBench.Inference.Sampling;

/// <summary>Sums of the weights of those tokens whose logit reaches a bound.</summary>
internal static class MaskedSum
{
    // Tokens whose weights are summed at once while looking for one of them.
    private const int Block = 512;

    /// <summary>Sum and number of the tokens whose logit is at least the bound.</summary>
    /// <param name="logits">One logit per token, none of them NaN.</param>
    /// <param name="weights">One weight per token, not negative.</param>
    /// <param name="bound">The smallest logit that counts.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (ulong Sum, int Count) Compute(ReadOnlySpan<float> logits, ReadOnlySpan<int> weights, float bound)
    {
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(logits);
        ReadOnlySpan<Vector<uint>> weightVectors = MemoryMarshal.Cast<int, Vector<uint>>(weights);
        var bounds = new Vector<float>(bound);
        Vector<ulong> lowSums = Vector<ulong>.Zero;
        Vector<ulong> highSums = Vector<ulong>.Zero;
        Vector<int> counts = Vector<int>.Zero;
        for (int i = 0; i < vectors.Length && i < weightVectors.Length; i++)
        {
            Vector<int> mask = Vector.GreaterThanOrEqual(vectors[i], bounds);
            // A lane of the mask is −1 or 0.
            counts -= mask;
            Vector.Widen(Vector.AsVectorUInt32(mask) & weightVectors[i], out Vector<ulong> low, out Vector<ulong> high);
            lowSums += low;
            highSums += high;
        }

        ulong sum = Vector.Sum(lowSums + highSums);
        int count = Vector.Sum(counts);
        for (int i = vectors.Length * Vector<float>.Count; i < logits.Length; i++)
        {
            if (logits[i] >= bound)
            {
                sum += (uint)weights[i];
                count++;
            }
        }

        return (sum, count);
    }

    /// <summary>The first token at which the running sum exceeds a draw; −1 if the whole sum does not.</summary>
    /// <param name="logits">One logit per token, none of them NaN.</param>
    /// <param name="weights">One weight per token, not negative.</param>
    /// <param name="bound">The smallest logit that counts.</param>
    /// <param name="draw">The draw; what is left of it if the whole sum does not exceed it.</param>
    public static int IndexOf(ReadOnlySpan<float> logits, ReadOnlySpan<int> weights, float bound, ref ulong draw)
    {
        for (int start = 0; start < logits.Length; start += Block)
        {
            int length = Math.Min(Block, logits.Length - start);
            ulong sum = Compute(logits.Slice(start, length), weights.Slice(start, length), bound).Sum;
            if (sum > draw)
            {
                for (int id = start; ; id++)
                {
                    ulong weight = logits[id] >= bound ? (uint)weights[id] : 0;
                    if (weight > draw)
                    {
                        return id;
                    }

                    draw -= weight;
                }
            }

            draw -= sum;
        }

        return -1;
    }
}
