using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Tests.Quantization;

/// <summary>The rounding rules once more, one value after the other, as they are documented.</summary>
internal static class ReferencePacker
{
    /// <summary>What packing and unpacking makes of a row.</summary>
    public static float[] RoundTrip(QuantizationFormat format, float[] row)
    {
        if (format.Bits == 16)
        {
            return [.. row.Select(value => (float)(Half)value)];
        }

        int group = format.GroupSize == QuantizationFormat.WholeRow ? row.Length : format.GroupSize;
        return [.. row.Chunk(group).SelectMany(part => RoundTripGroup(format, part))];
    }

    private static float[] RoundTripGroup(QuantizationFormat format, float[] values)
    {
        if (format.Bits == 8)
        {
            float scale = values.Max(MathF.Abs) / 127f;
            scale = format.GroupSize == QuantizationFormat.WholeRow ? scale : (float)(Half)scale;
            return [.. values.Select(v => scale == 0 ? 0 : scale * Math.Clamp(MathF.Round(v / scale), -127, 127))];
        }

        if (format.IsSymmetric)
        {
            float magnitude = values.Max(MathF.Abs);
            float scale = (float)(Half)(values.First(v => MathF.Abs(v) == magnitude) / -8f);
            return [.. values.Select(v => scale == 0 ? 0 : scale * (Math.Clamp(MathF.Round(v / scale) + 8, 0, 15) - 8))];
        }

        float step = (float)(Half)((values.Max() - values.Min()) / 15f);
        float minimum = (float)(Half)values.Min();
        return [.. values.Select(v => step == 0 ? minimum : (step * Math.Clamp(MathF.Round((v - minimum) / step), 0, 15)) + minimum)];
    }
}
