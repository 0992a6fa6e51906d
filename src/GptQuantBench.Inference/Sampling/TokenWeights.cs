using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GptQuantBench.Inference.Sampling;

/// <summary>
/// Probabilities as integers: the weight of a token is 2^30 · exp((logit − max) / temperature), rounded down, so that the most
/// probable has exactly 2^30 and sums do not depend on their order. Every device that does these FP32 operations, each rounded to
/// nearest even and without flushing denormals, gets the same bits (in CUDA: __fsub_rn, __fmul_rn, __fadd_rn, __fmaf_rn,
/// __float2int_rz, no -ftz):
/// <code>
/// scale = float(min(log2(e) / temperature in FP64, largest float))
/// x = max((logit − max) · scale, −40)
/// t = x + 1.5·2^23;  n = bits(t) − bits(1.5·2^23);  f = x − (t − 1.5·2^23)      n + f = x, |f| ≤ 1/2
/// p = C7;  p = fma(p, f, Ck) for k = 6 … 0                                       Ck = ln(2)^k / k!
/// weight = int(p · 2^(30 + n)), truncated
/// </code>
/// The polynomial is the Taylor series of 2^f; its remainder is below 6e-9, so p has the accuracy of FP32.
/// </summary>
internal static class TokenWeights
{
    /// <summary>log2 of the largest weight.</summary>
    public const int OneBits = 30;

    // Below this the weight is 0; the bound keeps the exponent of 2^(30 + n) in the range of normal numbers.
    private const float Lowest = -40f;
    private const float RoundingShift = 12582912f;
    private const int ExponentBias = 127;
    private const int MantissaBits = 23;

    private const float C0 = 1f;
    private const float C1 = (float)Ln2;
    private const float C2 = (float)(Ln2 * Ln2 / 2);
    private const float C3 = (float)(Ln2 * Ln2 * Ln2 / 6);
    private const float C4 = (float)(Ln2 * Ln2 * Ln2 * Ln2 / 24);
    private const float C5 = (float)(Ln2 * Ln2 * Ln2 * Ln2 * Ln2 / 120);
    private const float C6 = (float)(Ln2 * Ln2 * Ln2 * Ln2 * Ln2 * Ln2 / 720);
    private const float C7 = (float)(Ln2 * Ln2 * Ln2 * Ln2 * Ln2 * Ln2 * Ln2 / 5040);
    private const double Ln2 = 0.693147180559945309;

    /// <summary>What a difference of logits is multiplied by to be an exponent of 2.</summary>
    /// <param name="temperature">Above 0.</param>
    public static float Scale(float temperature) => (float)Math.Min(1 / (Ln2 * temperature), float.MaxValue);

    /// <summary>The weights of all tokens.</summary>
    /// <param name="logits">One logit per token, none of them NaN or +infinity.</param>
    /// <param name="max">The largest of them.</param>
    /// <param name="scale">From <see cref="Scale"/>.</param>
    /// <param name="weights">Receives one weight per token, 0 to 2^30.</param>
    /// <returns>Their sum, below 2^62 for 2^32 tokens.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ulong Compute(ReadOnlySpan<float> logits, float max, float scale, Span<int> weights)
    {
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(logits);
        Span<Vector<int>> results = MemoryMarshal.Cast<int, Vector<int>>(weights);
        Vector<ulong> sums = Vector<ulong>.Zero;
        for (int i = 0; i < vectors.Length; i++)
        {
            Vector<int> weight = Weight(vectors[i], max, scale);
            results[i] = weight;
            Vector.Widen(Vector.AsVectorUInt32(weight), out Vector<ulong> low, out Vector<ulong> high);
            sums += low + high;
        }

        ulong sum = Vector.Sum(sums);
        for (int i = vectors.Length * Vector<float>.Count; i < logits.Length; i++)
        {
            weights[i] = Weight(logits[i], max, scale);
            sum += (uint)weights[i];
        }

        return sum;
    }

    /// <summary>The weight of one token.</summary>
    public static int Weight(float logit, float max, float scale)
    {
        float x = Math.Max((logit - max) * scale, Lowest);
        float shifted = x + RoundingShift;
        int exponent = BitConverter.SingleToInt32Bits(shifted) - BitConverter.SingleToInt32Bits(RoundingShift);
        float f = x - (shifted - RoundingShift);
        float p = C7;
        p = MathF.FusedMultiplyAdd(p, f, C6);
        p = MathF.FusedMultiplyAdd(p, f, C5);
        p = MathF.FusedMultiplyAdd(p, f, C4);
        p = MathF.FusedMultiplyAdd(p, f, C3);
        p = MathF.FusedMultiplyAdd(p, f, C2);
        p = MathF.FusedMultiplyAdd(p, f, C1);
        p = MathF.FusedMultiplyAdd(p, f, C0);
        return (int)(p * BitConverter.Int32BitsToSingle((exponent + OneBits + ExponentBias) << MantissaBits));
    }

    // A call would pass vectors through memory.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<int> Weight(Vector<float> logits, float max, float scale)
    {
        Vector<float> difference = (logits - new Vector<float>(max)) * scale;
        var lowest = new Vector<float>(Lowest);
        Vector<float> x = Vector.ConditionalSelect(Vector.GreaterThan(difference, lowest), difference, lowest);
        var shift = new Vector<float>(RoundingShift);
        Vector<float> shifted = x + shift;
        Vector<int> exponent = Vector.AsVectorInt32(shifted) - Vector.AsVectorInt32(shift);
        Vector<float> f = x - (shifted - shift);
        var p = new Vector<float>(C7);
        p = Vector.FusedMultiplyAdd(p, f, new Vector<float>(C6));
        p = Vector.FusedMultiplyAdd(p, f, new Vector<float>(C5));
        p = Vector.FusedMultiplyAdd(p, f, new Vector<float>(C4));
        p = Vector.FusedMultiplyAdd(p, f, new Vector<float>(C3));
        p = Vector.FusedMultiplyAdd(p, f, new Vector<float>(C2));
        p = Vector.FusedMultiplyAdd(p, f, new Vector<float>(C1));
        p = Vector.FusedMultiplyAdd(p, f, new Vector<float>(C0));
        Vector<float> power = Vector.AsVectorSingle((exponent + new Vector<int>(OneBits + ExponentBias)) << MantissaBits);
        // The native conversion differs from the checked one only outside of the range of int, where no weight is.
        return Vector.ConvertToInt32Native(p * power);
    }
}
