using System.Numerics;
using System.Runtime.InteropServices;

namespace GptQuantBench.Inference.Sampling;

/// <summary>The largest of a row of logits.</summary>
internal static class LogitScan
{
    /// <summary>The largest logit, always finite; −infinity is allowed for tokens that must not be chosen.</summary>
    /// <param name="logits">One logit per token, at least one.</param>
    /// <exception cref="NonFiniteLogitsException">A logit is NaN or +infinity, or all are −infinity.</exception>
    public static float Max(ReadOnlySpan<float> logits)
    {
        (float max, bool isOrdered) = Look(logits);
        return Require(logits, max, isOrdered);
    }

    /// <summary>The maximum that was found in parts, if it is one.</summary>
    /// <param name="logits">One logit per token, at least one.</param>
    /// <param name="max">The largest of them.</param>
    /// <param name="isOrdered">Whether every part was.</param>
    /// <exception cref="NonFiniteLogitsException">A logit is NaN or +infinity, or all are −infinity.</exception>
    public static float Require(ReadOnlySpan<float> logits, float max, bool isOrdered) =>
        isOrdered && max > float.NegativeInfinity ? max : throw NotFinite(logits);

    /// <summary>The largest of a part of the logits, and whether all of them are at most the largest float.</summary>
    public static (float Max, bool IsOrdered) Look(ReadOnlySpan<float> logits)
    {
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(logits);
        // Two chains, as each step waits for the maximum before it.
        var largest = new Vector<float>(float.NegativeInfinity);
        Vector<float> largestOfOdd = largest;
        // All bits set where every logit of the lane is at most the largest float, which NaN and +infinity are not.
        Vector<int> allOrdered = Vector<int>.AllBitsSet;
        var limit = new Vector<float>(float.MaxValue);
        int block = 0;
        for (; block + 2 <= vectors.Length; block += 2)
        {
            largest = Vector.MaxNative(largest, vectors[block]);
            largestOfOdd = Vector.MaxNative(largestOfOdd, vectors[block + 1]);
            allOrdered &= Vector.LessThanOrEqual(vectors[block], limit) & Vector.LessThanOrEqual(vectors[block + 1], limit);
        }

        largest = Vector.MaxNative(largest, largestOfOdd);
        bool ordered = allOrdered == Vector<int>.AllBitsSet;
        float max = float.NegativeInfinity;
        for (int lane = 0; lane < Vector<float>.Count; lane++)
        {
            max = largest[lane] > max ? largest[lane] : max;
        }

        foreach (float logit in logits[(block * Vector<float>.Count)..])
        {
            ordered &= logit <= float.MaxValue;
            max = logit > max ? logit : max;
        }

        return (max, ordered);
    }

    /// <summary>The lowest id with this logit.</summary>
    /// <param name="logits">One logit per token.</param>
    /// <param name="value">A value that is among them; −0 and 0 are the same.</param>
    public static int IndexOf(ReadOnlySpan<float> logits, float value)
    {
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(logits);
        int block = 0;
        while (block < vectors.Length && !Vector.EqualsAny(vectors[block], new Vector<float>(value)))
        {
            block++;
        }

        int id = block * Vector<float>.Count;
        while (logits[id] != value)
        {
            id++;
        }

        return id;
    }

    private static NonFiniteLogitsException NotFinite(ReadOnlySpan<float> logits)
    {
        int token = 0;
        while (token < logits.Length - 1 && logits[token] <= float.MaxValue)
        {
            token++;
        }

        return new NonFiniteLogitsException(token, logits[token]);
    }
}
