using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GptQuantBench.Inference.Quantization;

/// <summary>
/// The scale (and minimum) of a group of 4-bit codes with the least squared error Σ w·(v − unpacked)². For each of a row of trial
/// scales around the plain one, codes are rounded with it and the scale that fits these codes best follows in closed form (linear
/// regression), as in llama.cpp's make_qx_quants and make_qkx2_quants (ggml/src/ggml-quants.c); the best trial wins, and plain
/// rounding where none is better. FP32 without fused operations, in one order of sums on every machine: the same bits everywhere.
/// </summary>
internal static unsafe class LeastSquaresScale
{
    /// <summary>Values of a group at most.</summary>
    public const int LongestGroup = 128;

    private const int Lanes = 8;

    // Where the value of largest magnitude lands, in codes. −8 is plain rounding; beyond it the largest is clipped, and with the
    // other sign 7 is the end of the codes.
    private static readonly float[] _symmetricTrials = [-8f, -7.4f, -7.7f, -8.3f, -8.6f, -9f, -9.5f, -10f, 7f, 6.7f, 7.4f, 7.8f, 8.3f];

    // The same, and plain rounding again, so that they are two times eight.
    private static readonly float[] _sixteenTrials = [.. _symmetricTrials, -8f, -8f, -8f];

    // Codes that the range is divided into; 15 is plain rounding.
    private static readonly float[] _asymmetricTrials = [15f, 14.2f, 14.6f, 15.3f, 15.6f, 16f, 16.4f, 16.9f, 17.5f, 18.2f];

    /// <summary>The scale of codes −8…7.</summary>
    /// <param name="values">1 to <see cref="LongestGroup"/> finite values.</param>
    /// <param name="importance">w, not negative; empty for 1 each.</param>
    /// <param name="plain">The scale of plain rounding.</param>
    public static Half Symmetric(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Half plain)
    {
        if (plain == Half.Zero || !Half.IsFinite(plain))
        {
            return plain;
        }

        return LeastSquaresGroup.IsSupported && importance.IsEmpty && values.Length == LeastSquaresGroup.Length
            ? LeastSquaresGroup.Symmetric(values, _sixteenTrials, plain)
            : SymmetricOfAny(values, importance, plain);
    }

    /// <summary>The general way of <see cref="Symmetric"/>, whose plain scale is finite and not 0.</summary>
    internal static Half SymmetricOfAny(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Half plain)
    {
        float* v = stackalloc float[LongestGroup];
        float* w = stackalloc float[LongestGroup];
        int length = Pad(values, importance, v, w);
        float largest = -8f * (float)plain;
        float best = 0, most = 0;
        foreach (float trial in _symmetricTrials)
        {
            (float scale, float gain) = FitSymmetric(v, w, length, trial / largest);
            if (gain > most)
            {
                (best, most) = (scale, gain);
            }
        }

        Half rounded = (Half)best;
        return rounded != Half.Zero && Half.IsFinite(rounded)
            && SymmetricError(v, w, length, (float)rounded) < SymmetricError(v, w, length, (float)plain) ? rounded : plain;
    }

    /// <summary>The scale and minimum of codes 0…15.</summary>
    /// <param name="values">1 to <see cref="LongestGroup"/> finite values.</param>
    /// <param name="importance">w, not negative; empty for 1 each.</param>
    /// <param name="plain">What plain rounding takes.</param>
    public static (Half Scale, Half Minimum) Asymmetric(
        ReadOnlySpan<float> values, ReadOnlySpan<float> importance, (Half Scale, Half Minimum) plain)
    {
        if (plain.Scale == Half.Zero || !Half.IsFinite(plain.Scale) || !Half.IsFinite(plain.Minimum))
        {
            return plain;
        }

        float* v = stackalloc float[LongestGroup];
        float* w = stackalloc float[LongestGroup];
        int length = Pad(values, importance, v, w);
        float minimum = TensorPrimitives.Min(values);
        float range = TensorPrimitives.Max(values) - minimum;
        double best = 0, shift = 0, most = double.NegativeInfinity;
        foreach (float trial in _asymmetricTrials)
        {
            (double scale, double constant, double gain) = FitAsymmetric(v, w, length, trial / range, minimum);
            if (gain > most)
            {
                (best, shift, most) = (scale, constant, gain);
            }
        }

        (Half Scale, Half Minimum) rounded = ((Half)best, (Half)shift);
        return rounded.Scale != Half.Zero && Half.IsFinite(rounded.Scale) && Half.IsFinite(rounded.Minimum)
            && AsymmetricError(v, w, length, (float)rounded.Scale, (float)rounded.Minimum)
                < AsymmetricError(v, w, length, (float)plain.Scale, (float)plain.Minimum) ? rounded : plain;
    }

    /// <summary>Copies to whole vectors; what is added weighs nothing.</summary>
    private static int Pad(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, float* v, float* w)
    {
        int length = (values.Length + Lanes - 1) / Lanes * Lanes;
        Span<float> paddedValues = new(v, length);
        Span<float> paddedWeights = new(w, length);
        values.CopyTo(paddedValues);
        paddedValues[values.Length..].Clear();
        if (importance.IsEmpty)
        {
            paddedWeights[..values.Length].Fill(1f);
        }
        else
        {
            importance.CopyTo(paddedWeights);
        }

        paddedWeights[values.Length..].Clear();
        return length;
    }

    /// <summary>The scale that fits the codes of a trial best, and what it takes off Σ w·v²; both 0 where all codes are 0.</summary>
    private static (float Scale, float Gain) FitSymmetric(float* v, float* w, int length, float inverse)
    {
        Vector256<float> products = default, squares = default;
        for (int i = 0; i < length; i += Lanes)
        {
            Vector256<float> value = Vector256.Load(v + i);
            Vector256<float> code = SymmetricCode(value * Vector256.Create(inverse));
            Vector256<float> weighted = Vector256.Load(w + i) * code;
            products += weighted * value;
            squares += weighted * code;
        }

        float square = Vector256.Sum(squares), product = Vector256.Sum(products);
        return square == 0 ? (0, 0) : (product / square, product * product / square);
    }

    private static float SymmetricError(float* v, float* w, int length, float scale)
    {
        Vector256<float> sum = default;
        Vector256<float> by = Vector256.Create(scale);
        for (int i = 0; i < length; i += Lanes)
        {
            Vector256<float> value = Vector256.Load(v + i);
            Vector256<float> difference = value - (SymmetricCode(value / by) * by);
            sum += Vector256.Load(w + i) * difference * difference;
        }

        return Vector256.Sum(sum);
    }

    /// <summary>The line that fits the codes of a trial best, and what it takes off Σ w·v².</summary>
    private static (double Scale, double Minimum, double Gain) FitAsymmetric(float* v, float* w, int length, float inverse, float minimum)
    {
        Vector256<float> weights = default, codes = default, squares = default, values = default, products = default;
        for (int i = 0; i < length; i += Lanes)
        {
            Vector256<float> value = Vector256.Load(v + i);
            Vector256<float> weight = Vector256.Load(w + i);
            Vector256<float> code = AsymmetricCode((value - Vector256.Create(minimum)) * Vector256.Create(inverse));
            Vector256<float> weighted = weight * code;
            weights += weight;
            codes += weighted;
            squares += weighted * code;
            values += weight * value;
            products += weighted * value;
        }

        double sw = Vector256.Sum(weights), sc = Vector256.Sum(codes), scc = Vector256.Sum(squares);
        double sv = Vector256.Sum(values), scv = Vector256.Sum(products);
        double determinant = (sw * scc) - (sc * sc);
        if (determinant <= 0)
        {
            return (0, 0, double.NegativeInfinity);
        }

        double scale = ((sw * scv) - (sc * sv)) / determinant;
        double constant = ((scc * sv) - (sc * scv)) / determinant;
        return (scale, constant, (scale * scv) + (constant * sv));
    }

    private static float AsymmetricError(float* v, float* w, int length, float scale, float minimum)
    {
        Vector256<float> sum = default;
        Vector256<float> by = Vector256.Create(scale);
        Vector256<float> shift = Vector256.Create(minimum);
        for (int i = 0; i < length; i += Lanes)
        {
            Vector256<float> value = Vector256.Load(v + i);
            Vector256<float> difference = value - ((AsymmetricCode((value - shift) / by) * by) + shift);
            sum += Vector256.Load(w + i) * difference * difference;
        }

        return Vector256.Sum(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> SymmetricCode(Vector256<float> quotient) =>
        Vector256.ClampNative(Vector256.Round(quotient), Vector256.Create(-8f), Vector256.Create(7f));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> AsymmetricCode(Vector256<float> quotient) =>
        Vector256.ClampNative(Vector256.Round(quotient), Vector256.Create(0f), Vector256.Create(15f));
}
