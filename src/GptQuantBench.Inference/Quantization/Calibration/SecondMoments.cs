namespace GptQuantBench.Inference.Quantization.Calibration;

/// <summary>
/// Σ x·xᵀ over a matrix's inputs x on the calibration text: half the Hessian of the squared error of its outputs, in FP64 because many
/// terms are summed.
/// </summary>
/// <param name="columns">Inputs of the matrix.</param>
internal sealed class SecondMoments(int columns)
{
    private readonly double[] _sums = new double[columns * columns];
    private float[] _product = [];
    private long _count;

    /// <summary>
    /// Share of the mean diagonal that is added to the diagonal: keeps inputs that the text rarely used from being rounded at will.
    /// 0.01 is the GPTQ paper's.
    /// </summary>
    public double Dampening { get; init; } = 0.01;

    /// <summary>Inputs of the matrix.</summary>
    public int Columns => columns;

    /// <summary>Adds inputs [tokens, columns].</summary>
    public void Add(float[] inputs)
    {
        int tokens = inputs.Length / columns;
        float[] transposed = new float[inputs.Length];
        for (int token = 0; token < tokens; token++)
        {
            for (int column = 0; column < columns; column++)
            {
                transposed[(column * tokens) + token] = inputs[(token * columns) + column];
            }
        }

        _product = _product.Length == 0 ? new float[columns * columns] : _product;
        DenseProduct.Multiply(transposed, transposed, tokens, _product);
        for (int i = 0; i < _sums.Length; i++)
        {
            _sums[i] += _product[i];
        }

        _count += tokens;
    }

    /// <summary>The mean of x·xᵀ [columns, columns], with the dampening.</summary>
    public double[] Mean()
    {
        double[] mean = [.. _sums.Select(sum => sum / _count)];
        double trace = 0;
        for (int i = 0; i < columns; i++)
        {
            trace += mean[(i * columns) + i];
        }

        double added = trace > 0 ? Dampening * trace / columns : 1;
        for (int i = 0; i < columns; i++)
        {
            mean[(i * columns) + i] += added;
        }

        return mean;
    }
}
