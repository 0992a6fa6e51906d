using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>
/// The functions between the matrices, on FP32 vectors. Compiled for speed at once, with all that they call: a first token may come
/// before the tiered compiler has looked at a library's.
/// </summary>
internal static unsafe class Activations
{
    private const int Lanes = 8;
    private const float SqrtTwoOverPi = 0.7978845608f;
    private const float Cubic = 0.044715f;

    /// <summary>
    /// x ← 0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³))), transformers' gelu_new (Hendrycks and Gimpel, arXiv 1606.08415). Computed as
    /// x / (1 + e^(−2u)), which is the same since (1 + tanh u) / 2 = 1 / (1 + e^(−2u)), and has no cancellation for negative x.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gelu(float* x, int count)
    {
        int i = 0;
        for (; i + Lanes <= count; i += Lanes)
        {
            Gelu(Vector256.Load(x + i)).Store(x + i);
        }

        if (i < count)
        {
            float* rest = stackalloc float[Lanes];
            Copy(x + i, rest, count - i);
            Gelu(Vector256.Load(rest)).Store(rest);
            Copy(rest, x + i, count - i);
        }
    }

    /// <summary>y ← y + x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(float* y, float* x, int count)
    {
        int i = 0;
        for (; i + Lanes <= count; i += Lanes)
        {
            (Vector256.Load(y + i) + Vector256.Load(x + i)).Store(y + i);
        }

        for (; i < count; i++)
        {
            y[i] += x[i];
        }
    }

    /// <summary>y = (x − mean(x)) / √(var(x) + ε) · gain + bias, variance over all elements (biased).</summary>
    /// <param name="x">FP32 [count].</param>
    /// <param name="gain">FP32 [count].</param>
    /// <param name="bias">FP32 [count].</param>
    /// <param name="epsilon">ε.</param>
    /// <param name="y">FP32 [count].</param>
    /// <param name="count">At least 1.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void LayerNorm(float* x, float* gain, float* bias, float epsilon, float* y, int count)
    {
        Vector256<float> sums = default, others = default;
        int i = 0;
        for (; i + (2 * Lanes) <= count; i += 2 * Lanes)
        {
            sums += Vector256.Load(x + i);
            others += Vector256.Load(x + i + Lanes);
        }

        float sum = Vector256.Sum(sums + others);
        for (; i < count; i++)
        {
            sum += x[i];
        }

        float mean = sum / count;
        sums = others = default;
        for (i = 0; i + (2 * Lanes) <= count; i += 2 * Lanes)
        {
            Vector256<float> first = Vector256.Load(x + i) - Vector256.Create(mean);
            Vector256<float> second = Vector256.Load(x + i + Lanes) - Vector256.Create(mean);
            sums = Vector256.MultiplyAddEstimate(first, first, sums);
            others = Vector256.MultiplyAddEstimate(second, second, others);
        }

        sum = Vector256.Sum(sums + others);
        for (; i < count; i++)
        {
            sum += (x[i] - mean) * (x[i] - mean);
        }

        float inverse = 1f / MathF.Sqrt((sum / count) + epsilon);
        for (i = 0; i + Lanes <= count; i += Lanes)
        {
            Vector256<float> normal = (Vector256.Load(x + i) - Vector256.Create(mean)) * Vector256.Create(inverse);
            Vector256.MultiplyAddEstimate(normal, Vector256.Load(gain + i), Vector256.Load(bias + i)).Store(y + i);
        }

        for (; i < count; i++)
        {
            y[i] = ((x[i] - mean) * inverse * gain[i]) + bias[i];
        }
    }

    /// <summary>x ← e^(x − max) / Σ e^(x − max).</summary>
    /// <param name="x">FP32 [count].</param>
    /// <param name="count">At least 1.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Softmax(float* x, int count)
    {
        Vector256<float> maxima = Vector256.Create(float.NegativeInfinity);
        int i = 0;
        for (; i + Lanes <= count; i += Lanes)
        {
            maxima = Vector256.Max(maxima, Vector256.Load(x + i));
        }

        float* rest = stackalloc float[Lanes];
        Vector256.Create(float.NegativeInfinity).Store(rest);
        Copy(x + i, rest, count - i);
        maxima = Vector256.Max(maxima, Vector256.Load(rest));
        Vector128<float> four = Vector128.Max(maxima.GetLower(), maxima.GetUpper());
        Vector256<float> max = Vector256.Create(MathF.Max(MathF.Max(four[0], four[1]), MathF.Max(four[2], four[3])));

        Vector256<float> sums = default;
        for (i = 0; i + Lanes <= count; i += Lanes)
        {
            Vector256<float> power = Exp(Vector256.Load(x + i) - max);
            power.Store(x + i);
            sums += power;
        }

        Vector256<float> last = Exp(Vector256.Load(rest) - max);
        Vector256<float> factor = Vector256.Create(1f / Vector256.Sum(sums + last));
        (last * factor).Store(rest);
        Copy(rest, x + i, count - i);
        for (i = 0; i + Lanes <= count; i += Lanes)
        {
            (Vector256.Load(x + i) * factor).Store(x + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Gelu(Vector256<float> x)
    {
        Vector256<float> u = x * ((x * x * Vector256.Create(Cubic * SqrtTwoOverPi)) + Vector256.Create(SqrtTwoOverPi));
        return x / (Vector256<float>.One + Exp(u * Vector256.Create(-2f)));
    }

    /// <summary>
    /// e^x to about two units in the last place: 2^n · e^r with |r| ≤ ln(2) / 2 and the polynomial of Cephes' expf (Moshier). 0 below
    /// −87.7 and infinity above 88.4, a little before FP32 would be; NaN stays NaN.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Exp(Vector256<float> x)
    {
        // 1.5 · 2^23: a sum with it has an integer in its low bits. The bounds make those −127 and 128, the exponents of 0 and infinity.
        const float shift = 12582912f, log2E = 1.44269504f, ln2High = 0.693359375f, ln2Low = -2.12194440e-4f;
        x = Vector256.Min(Vector256.Max(x, Vector256.Create(-88f)), Vector256.Create(88.8f));
        Vector256<float> shifted = Vector256.MultiplyAddEstimate(x, Vector256.Create(log2E), Vector256.Create(shift));
        Vector256<float> n = shifted - Vector256.Create(shift);
        Vector256<float> r = Vector256.MultiplyAddEstimate(n, Vector256.Create(-ln2High), x);
        r = Vector256.MultiplyAddEstimate(n, Vector256.Create(-ln2Low), r);
        Vector256<float> p = Vector256.MultiplyAddEstimate(Vector256.Create(1.9875691500e-4f), r, Vector256.Create(1.3981999507e-3f));
        p = Vector256.MultiplyAddEstimate(p, r, Vector256.Create(8.3334519073e-3f));
        p = Vector256.MultiplyAddEstimate(p, r, Vector256.Create(4.1665795894e-2f));
        p = Vector256.MultiplyAddEstimate(p, r, Vector256.Create(1.6666665459e-1f));
        p = Vector256.MultiplyAddEstimate(p, r, Vector256.Create(5.0000001201e-1f));
        p = Vector256.MultiplyAddEstimate(p, r * r, r + Vector256<float>.One);
        return p * ((shifted.AsInt32() << 23) + Vector256.Create(127 << 23)).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy(float* from, float* to, int count)
    {
        for (int i = 0; i < count; i++)
        {
            to[i] = from[i];
        }
    }
}
