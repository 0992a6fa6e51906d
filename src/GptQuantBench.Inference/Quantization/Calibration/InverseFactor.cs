using System.Numerics.Tensors;

namespace GptQuantBench.Inference.Quantization.Calibration;

/// <summary>The upper triangular U with H⁻¹ = Uᵀ·U of a symmetric positive definite H: what GPTQ reads its compensations from.</summary>
internal static class InverseFactor
{
    /// <summary>U [n, n], row-major; what is below the diagonal is 0.</summary>
    /// <param name="matrix">H [n, n], row-major.</param>
    /// <param name="n">Its size.</param>
    public static float[] Of(double[] matrix, int n)
    {
        // H = R·Rᵀ with an upper triangular R is a Cholesky factorisation from the last row backwards, and U is R⁻¹.
        double[] r = new double[matrix.Length];
        for (int j = n - 1; j >= 0; j--)
        {
            double diagonal = matrix[(j * n) + j] - Dot(r, (j * n) + j + 1, (j * n) + j + 1, n - j - 1);
            r[(j * n) + j] = Math.Sqrt(Math.Max(diagonal, 1e-12 * matrix[(j * n) + j]));
            Parallel.For(0, j, i => r[(i * n) + j] = (matrix[(i * n) + j] - Dot(r, (i * n) + j + 1, (j * n) + j + 1, n - j - 1)) / r[(j * n) + j]);
        }

        double[] inverse = new double[matrix.Length];
        for (int i = n - 1; i >= 0; i--)
        {
            Span<double> row = inverse.AsSpan((i * n) + i, n - i);
            row[0] = 1;
            for (int k = i + 1; k < n; k++)
            {
                Span<double> rest = row[(k - i)..];
                TensorPrimitives.MultiplyAdd(inverse.AsSpan((k * n) + k, n - k), -r[(i * n) + k], rest, rest);
            }

            TensorPrimitives.Divide(row, r[(i * n) + i], row);
        }

        return [.. inverse.Select(value => (float)value)];
    }

    private static double Dot(double[] values, int a, int b, int count) =>
        TensorPrimitives.Dot<double>(values.AsSpan(a, count), values.AsSpan(b, count));
}
