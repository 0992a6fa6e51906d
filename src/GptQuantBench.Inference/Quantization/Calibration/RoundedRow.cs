using System.Numerics.Tensors;

namespace GptQuantBench.Inference.Quantization.Calibration;

/// <summary>The codes, scales and minima of one row while they are sought.</summary>
internal sealed class RoundedRow
{
    private readonly QuantizationFormat _format;

    /// <param name="format">A format of 4 bits.</param>
    /// <param name="columns">Length of the row.</param>
    public RoundedRow(QuantizationFormat format, int columns)
    {
        _format = format;
        int groups = (columns + format.GroupSize - 1) / format.GroupSize;
        Codes = new byte[columns];
        Scales = new Half[groups];
        Minima = new Half[format.IsSymmetric ? 0 : groups];
        Work = new float[columns];
        Direction = new float[format.GroupSize];
    }

    /// <summary>0…15, as stored.</summary>
    public byte[] Codes { get; }

    /// <summary>One a group.</summary>
    public Half[] Scales { get; }

    /// <summary>One a group; empty in symmetric formats.</summary>
    public Half[] Minima { get; }

    /// <summary>Scratch [columns].</summary>
    public float[] Work { get; }

    /// <summary>Scratch [group].</summary>
    public float[] Direction { get; }

    /// <summary>Scale and minimum of least squared error for values of a group.</summary>
    public void FindScale(int group, ReadOnlySpan<float> values, ReadOnlySpan<float> importance)
    {
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

    /// <summary>The code nearest to a value.</summary>
    public byte Nearest(int column, float value)
    {
        int group = column / _format.GroupSize;
        float scale = (float)Scales[group];
        float shift = _format.IsSymmetric ? 0 : (float)Minima[group];
        int offset = _format.IsSymmetric ? 8 : 0;
        return scale == 0 ? (byte)offset : (byte)Math.Clamp(MathF.Round((value - shift) / scale) + offset, 0, 15);
    }

    public void SetCode(int column, byte code) => Codes[column] = code;

    /// <summary>What the scale is multiplied by.</summary>
    public float Units(int column) => Codes[column] - (_format.IsSymmetric ? 8 : 0);

    /// <summary>What the code means.</summary>
    public float Value(int column)
    {
        int group = column / _format.GroupSize;
        return ((float)Scales[group] * Units(column)) + (_format.IsSymmetric ? 0 : (float)Minima[group]);
    }

    /// <summary>Moves a scale as far as FP16 allows; returns how far.</summary>
    public float MoveScale(int group, float step) => Move(ref Scales[group], step);

    /// <summary>Moves a minimum as far as FP16 allows; returns how far.</summary>
    public float MoveMinimum(int group, float step) => Move(ref Minima[group], step);

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
