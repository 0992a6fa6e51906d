using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>The functions between the matrices, on FP32 vectors.</summary>
internal static unsafe class Activations
{
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
        for (; i + 8 <= count; i += 8)
        {
            Vector256<float> v = Vector256.Load(x + i);
            Vector256<float> u = v * ((v * v * Vector256.Create(Cubic * SqrtTwoOverPi)) + Vector256.Create(SqrtTwoOverPi));
            (v / (Vector256<float>.One + Vector256.Exp(u * Vector256.Create(-2f)))).Store(x + i);
        }

        for (; i < count; i++)
        {
            float v = x[i];
            float u = v * ((v * v * (Cubic * SqrtTwoOverPi)) + SqrtTwoOverPi);
            x[i] = v / (1f + MathF.Exp(-2f * u));
        }
    }

    /// <summary>y ← y + x.</summary>
    public static void Add(float* y, float* x, int count) =>
        TensorPrimitives.Add(new ReadOnlySpan<float>(y, count), new ReadOnlySpan<float>(x, count), new Span<float>(y, count));

    /// <summary>y = (x − mean(x)) / √(var(x) + ε) · gain + bias, variance over all elements (biased).</summary>
    public static void LayerNorm(ReadOnlySpan<float> x, ReadOnlySpan<float> gain, ReadOnlySpan<float> bias, float epsilon, Span<float> y)
    {
        TensorPrimitives.Subtract(x, TensorPrimitives.Sum(x) / x.Length, y);
        float variance = TensorPrimitives.SumOfSquares<float>(y) / x.Length;
        TensorPrimitives.Multiply(y, 1f / MathF.Sqrt(variance + epsilon), y);
        TensorPrimitives.MultiplyAdd(y, gain, bias, y);
    }

    /// <summary>x ← e^(x − max) / Σ e^(x − max).</summary>
    public static void Softmax(Span<float> x)
    {
        TensorPrimitives.Subtract(x, TensorPrimitives.Max<float>(x), x);
        TensorPrimitives.Exp<float>(x, x);
        TensorPrimitives.Multiply(x, 1f / TensorPrimitives.Sum<float>(x), x);
    }
}
