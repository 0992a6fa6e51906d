using System.Numerics.Tensors;

namespace GptQuantBench.Inference.Quantization.Calibration;

/// <summary>
/// Fits a layer ŷ = Ŵ·x̂ + b̂ that sees the inputs x̂ behind matrices already rounded to what the unrounded model does there: its
/// outputs y = W·x + b and, where they join the residual stream, what that stream lags behind, d. So each layer makes good what the
/// rounding before it cost, as far as a linear map can. With C the covariance of x̂, the unrounded Ŵ of least squared error is
/// W + (W·Cov(x − x̂, x̂) + Cov(d, x̂))·C⁻¹; a rounded one errs from there by e, which costs eᵀ·C·e a row, since the bias, which is not
/// rounded, takes the mean.
/// </summary>
/// <param name="columns">Inputs.</param>
/// <param name="rows">Outputs.</param>
internal sealed class LayerFit(int columns, int rows)
{
    // Shares of the mean variance that are added to the variances: for the fit, and for the rounding. Flat: on the last 80 KB of the
    // calibration text, with gpt2-nano, 0.001 to 0.05 change the divergence by 2 %.
    private const double FitDampening = 0.05;
    private const double RoundingDampening = 0.05;

    private readonly MatrixSum _covariance = new(columns, columns);
    private readonly MatrixSum _change = new(columns, columns);
    private readonly MatrixSum _lag = new(rows, columns);
    private readonly double[] _meanInput = new double[columns];
    private readonly double[] _meanChange = new double[columns];
    private readonly double[] _meanLag = new double[rows];
    private long _count;

    /// <summary>Adds a piece of the text.</summary>
    /// <param name="original">x [tokens, columns].</param>
    /// <param name="rounded">x̂ [tokens, columns].</param>
    /// <param name="lag">d [tokens, rows], or null for none.</param>
    public void Add(float[] original, float[] rounded, float[]? lag)
    {
        float[] inputs = MatrixSum.Transposed(rounded, columns);
        float[] change = MatrixSum.Transposed(original, columns);
        TensorPrimitives.Subtract(change, inputs, change);
        _covariance.Add(inputs, inputs);
        _change.Add(change, inputs);
        MatrixSum.AddRows(inputs, _meanInput);
        MatrixSum.AddRows(change, _meanChange);
        if (lag is not null)
        {
            float[] behind = MatrixSum.Transposed(lag, rows);
            _lag.Add(behind, inputs);
            MatrixSum.AddRows(behind, _meanLag);
        }

        _count += rounded.Length / columns;
    }

    /// <summary>Takes the means of all that was added; called once, before the rest.</summary>
    public void Complete()
    {
        foreach (double[] sums in new[] { _covariance.Values, _change.Values, _lag.Values, _meanInput, _meanChange, _meanLag })
        {
            TensorPrimitives.Divide(sums, _count, sums);
        }

        Centre(_covariance.Values, _meanInput);
        Centre(_change.Values, _meanChange);
        Centre(_lag.Values, _meanLag);
    }

    /// <summary>By what a row's errors are weighed.</summary>
    public SharedMoments Moments() => new(Dampened(RoundingDampening), columns);

    /// <summary>The unrounded Ŵ.</summary>
    /// <param name="weights">W [rows, columns].</param>
    public float[] Weights(float[] weights)
    {
        float[] shift = new float[weights.Length], half = new float[weights.Length];
        DenseProduct.Multiply(weights, MatrixSum.Transposed([.. _change.Values.Select(value => (float)value)], columns), columns, shift);
        for (int i = 0; i < shift.Length; i++)
        {
            shift[i] += (float)_lag.Values[i];
        }

        // C⁻¹ = Uᵀ·U.
        float[] factor = InverseFactor.Of(Dampened(FitDampening), columns);
        DenseProduct.Multiply(shift, factor, columns, half);
        DenseProduct.Multiply(half, MatrixSum.Transposed(factor, columns), columns, shift);
        TensorPrimitives.Add(shift, weights, shift);
        return shift;
    }

    /// <summary>b̂: with it the mean output is right.</summary>
    /// <param name="weights">W [rows, columns].</param>
    /// <param name="bias">b [rows].</param>
    /// <param name="rounded">Ŵ as its codes mean it.</param>
    public float[] Bias(float[] weights, float[] bias, float[] rounded)
    {
        float[] fitted = new float[rows];
        for (int row = 0; row < rows; row++)
        {
            double difference = _meanLag[row];
            for (int column = 0; column < columns; column++)
            {
                int i = (row * columns) + column;
                difference += (weights[i] * (_meanInput[column] + _meanChange[column])) - (rounded[i] * _meanInput[column]);
            }

            fitted[row] = (float)(bias[row] + difference);
        }

        return fitted;
    }

    private double[] Dampened(double share)
    {
        double[] matrix = [.. _covariance.Values];
        SharedMoments.Dampen(matrix, columns, share);
        return matrix;
    }

    private void Centre(double[] moments, double[] means)
    {
        for (int i = 0; i < means.Length; i++)
        {
            Span<double> row = moments.AsSpan(i * columns, columns);
            TensorPrimitives.MultiplyAdd<double>(_meanInput, -means[i], row, row);
        }
    }
}
