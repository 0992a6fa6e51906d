using System.Numerics.Tensors;

namespace GptQuantBench.Inference.Quantization.Calibration;

/// <summary>The codes, scales and minima of one row while they are sought, and what the search keeps beside them.</summary>
internal sealed class RoundedRow
{
    private readonly QuantizationFormat _format;
    private readonly IInputMoments _moments;
    private readonly float[] _pull;
    private float[]? _buffer;

    /// <param name="format">A format of 4 bits.</param>
    /// <param name="moments">Of the matrix's inputs.</param>
    public RoundedRow(QuantizationFormat format, IInputMoments moments)
    {
        int columns = moments.Columns;
        _format = format;
        int groups = (columns + format.GroupSize - 1) / format.GroupSize;
        _pull = new float[columns];
        Codes = new byte[columns];
        Scales = new Half[groups];
        Minima = new Half[format.IsSymmetric ? 0 : groups];
        Work = new float[columns];
        Gains = new float[columns];
        Steps = new float[columns];
        Costs = new float[columns];
        Direction = new float[format.GroupSize];
        _moments = moments;
    }

    /// <summary>0…15, as stored.</summary>
    public byte[] Codes { get; }

    /// <summary>One a group.</summary>
    public Half[] Scales { get; }

    /// <summary>One a group; empty in symmetric formats.</summary>
    public Half[] Minima { get; }

    /// <summary>H [columns, columns] of the row at hand.</summary>
    public float[] Moments { get; private set; } = [];

    /// <summary>H·(w − ŵ): minus half the gradient of the loss. Before there are codes, what is left of the row.</summary>
    public Span<float> Pull => _pull;

    /// <summary>Scratch [columns].</summary>
    public float[] Work { get; }

    /// <summary>Scratch [columns].</summary>
    public float[] Gains { get; }

    /// <summary>Scratch [columns].</summary>
    public float[] Steps { get; }

    /// <summary>Scratch [columns].</summary>
    public float[] Costs { get; }

    /// <summary>Scratch [group].</summary>
    public float[] Direction { get; }

    /// <summary>Turns to a row of the matrix.</summary>
    public void Open(int row) => Moments = _moments.Of(row, ref _buffer);

    /// <summary>Scale and minimum of least squared error for values of a group, each weighed by its own moment.</summary>
    public void FindScale(int group, ReadOnlySpan<float> values)
    {
        Span<float> importance = Direction.AsSpan(0, values.Length);
        for (int i = 0; i < values.Length; i++)
        {
            importance[i] = Curvature((group * _format.GroupSize) + i);
        }

        if (_format.IsSymmetric)
        {
            float largest = TensorPrimitives.MaxMagnitude(values);
            Scales[group] = LeastSquaresScale.Symmetric(values, importance, (Half)(largest / -8f));
        }
        else
        {
            float minimum = TensorPrimitives.Min(values);
            (Scales[group], Minima[group]) = LeastSquaresScale.Asymmetric(
                values, importance, ((Half)((TensorPrimitives.Max(values) - minimum) / 15f), (Half)minimum));
        }
    }

    /// <summary>H on the diagonal.</summary>
    public float Curvature(int column) => Moments[(column * Codes.Length) + column];

    /// <summary>The scale of a column.</summary>
    public float Scale(int column) => (float)Scales[column / _format.GroupSize];

    /// <summary>The code nearest to a value.</summary>
    public byte Nearest(int column, float value)
    {
        float scale = Scale(column);
        int offset = _format.IsSymmetric ? 8 : 0;
        return scale == 0 ? (byte)offset : (byte)Math.Clamp(MathF.Round((value - Shift(column)) / scale) + offset, 0, 15);
    }

    /// <summary>What the scale is multiplied by.</summary>
    public float Units(int column) => Codes[column] - (_format.IsSymmetric ? 8 : 0);

    /// <summary>What the code means.</summary>
    public float Value(int column) => (Scale(column) * Units(column)) + Shift(column);

    /// <summary>Keeps the pull right when ŵ of a column changes.</summary>
    public void Follow(int column, float change) =>
        TensorPrimitives.MultiplyAdd(Moments.AsSpan(column * Codes.Length, Codes.Length), -change, Pull, Pull);

    /// <summary>True where a column has a code one scale further in the direction of <paramref name="step"/>.</summary>
    public bool CanStep(int column, float step) => Codes[column] + CodeStep(column, step) is >= 0 and <= 15;

    /// <summary>Moves a column's value by one scale in the direction of <paramref name="step"/>.</summary>
    public void Step(int column, float step)
    {
        float before = Value(column);
        Codes[column] = (byte)(Codes[column] + CodeStep(column, step));
        Follow(column, Value(column) - before);
    }

    /// <summary>Moves a scale as far as FP16 allows; returns how far.</summary>
    public float MoveScale(int group, float step) => Move(ref Scales[group], step);

    /// <summary>Moves a minimum as far as FP16 allows; returns how far.</summary>
    public float MoveMinimum(int group, float step) => Move(ref Minima[group], step);

    private int CodeStep(int column, float step) => step > 0 == Scale(column) > 0 ? 1 : -1;

    private float Shift(int column) => _format.IsSymmetric ? 0 : (float)Minima[column / _format.GroupSize];

    private static float Move(ref Half value, float step)
    {
        Half moved = (Half)((float)value + step);
        if (!Half.IsFinite(moved) || moved == Half.Zero)
        {
            return 0;
        }

        float distance = (float)moved - (float)value;
        value = moved;
        return distance;
    }
}
