using System.Numerics.Tensors;

namespace GptQuantBench.Inference.Quantization.Calibration;

/// <summary>Σ a·bᵀ over many tokens, in FP64 because many terms are summed.</summary>
/// <param name="rows">Length of a.</param>
/// <param name="columns">Length of b.</param>
internal sealed class MatrixSum(int rows, int columns)
{
    private readonly float[] _product = new float[rows * columns];

    /// <summary>The sum [rows, columns].</summary>
    public double[] Values { get; } = new double[rows * columns];

    /// <summary>Adds the tokens of a piece of text.</summary>
    /// <param name="a">[rows, tokens].</param>
    /// <param name="b">[columns, tokens].</param>
    public void Add(float[] a, float[] b)
    {
        DenseProduct.Multiply(a, b, b.Length / columns, _product);
        for (int i = 0; i < Values.Length; i++)
        {
            Values[i] += _product[i];
        }
    }

    /// <summary>Σ over the tokens of each row of [rows, tokens], added to sums [rows].</summary>
    public static void AddRows(float[] values, double[] sums)
    {
        int tokens = values.Length / sums.Length;
        for (int i = 0; i < sums.Length; i++)
        {
            sums[i] += TensorPrimitives.Sum<float>(values.AsSpan(i * tokens, tokens));
        }
    }

    /// <summary>[rows, columns] of [columns, rows].</summary>
    public static float[] Transposed(float[] values, int columns)
    {
        int rows = values.Length / columns;
        float[] transposed = new float[values.Length];
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                transposed[(column * rows) + row] = values[(row * columns) + column];
            }
        }

        return transposed;
    }
}
