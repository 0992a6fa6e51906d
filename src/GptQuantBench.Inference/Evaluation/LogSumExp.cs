using System.Numerics.Tensors;
using System.Runtime.Intrinsics;

namespace GptQuantBench.Inference.Evaluation;

/// <summary>log Σ e^x, without overflow.</summary>
public static class LogSumExp
{
    // Terms that are summed in FP32 before they join the sum in FP64.
    private const int Chunk = 512;

    /// <summary>The logarithm of the sum of the exponentials of FP32 values; NaN where one is NaN.</summary>
    /// <param name="values">At least one.</param>
    public static double Of(ReadOnlySpan<float> values)
    {
        float maximum = TensorPrimitives.Max(values);
        if (!float.IsFinite(maximum))
        {
            return maximum;
        }

        double sum = 0;
        Vector256<float> shift = Vector256.Create(maximum);
        while (!values.IsEmpty)
        {
            ReadOnlySpan<float> now = values[..Math.Min(Chunk, values.Length)];
            values = values[now.Length..];
            Vector256<float> part = default;
            for (; now.Length >= Vector256<float>.Count; now = now[Vector256<float>.Count..])
            {
                part += Vector256.Exp(Vector256.Create(now) - shift);
            }

            sum += Vector256.Sum(part);
            foreach (float value in now)
            {
                sum += Math.Exp(value - maximum);
            }
        }

        return maximum + Math.Log(sum);
    }
}
