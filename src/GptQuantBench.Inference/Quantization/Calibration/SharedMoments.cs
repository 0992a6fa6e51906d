namespace GptQuantBench.Inference.Quantization.Calibration;

/// <summary>The same second moments for all rows.</summary>
internal sealed class SharedMoments : IInputMoments
{
    private readonly float[] _matrix;

    /// <param name="matrix">[columns, columns], positive definite.</param>
    /// <param name="columns">Inputs of the matrix.</param>
    public SharedMoments(double[] matrix, int columns)
    {
        Columns = columns;
        InverseFactor = Calibration.InverseFactor.Of(matrix, columns);
        _matrix = [.. matrix.Select(value => (float)value)];
    }

    /// <inheritdoc />
    public int Columns { get; }

    /// <inheritdoc />
    public float[] InverseFactor { get; }

    /// <inheritdoc />
    public float[] Of(int row, ref float[]? buffer) => _matrix;

    /// <summary>Adds a share of the mean diagonal to the diagonal: keeps what the text rarely used from being rounded at will.</summary>
    public static void Dampen(double[] matrix, int columns, double share)
    {
        double trace = 0;
        for (int i = 0; i < columns; i++)
        {
            trace += matrix[(i * columns) + i];
        }

        double added = trace > 0 ? share * trace / columns : 1;
        for (int i = 0; i < columns; i++)
        {
            matrix[(i * columns) + i] += added;
        }
    }
}
