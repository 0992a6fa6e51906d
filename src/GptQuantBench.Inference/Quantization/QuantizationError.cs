namespace GptQuantBench.Inference.Quantization;

/// <summary>How far unpacked values are from the originals.</summary>
/// <param name="Maximum">Largest absolute difference.</param>
/// <param name="RootMeanSquare">Square root of the mean squared difference.</param>
/// <param name="NormalizedMeanSquare">Sum of squared differences / sum of squared originals; 0 where both are 0.</param>
public readonly record struct QuantizationError(double Maximum, double RootMeanSquare, double NormalizedMeanSquare)
{
    /// <summary>Compares element by element.</summary>
    /// <param name="original">At least one value.</param>
    /// <param name="unpacked">As many.</param>
    public static QuantizationError Between(ReadOnlySpan<float> original, ReadOnlySpan<float> unpacked)
    {
        ArgumentOutOfRangeException.ThrowIfZero(original.Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(unpacked.Length, original.Length);
        double maximum = 0, squares = 0, power = 0;
        for (int i = 0; i < original.Length; i++)
        {
            double difference = (double)unpacked[i] - original[i];

            // A NaN must not hide behind a comparison that is false.
            maximum = double.IsNaN(difference) ? double.NaN : Math.Max(maximum, Math.Abs(difference));
            squares += difference * difference;
            power += (double)original[i] * original[i];
        }

        return new(maximum, Math.Sqrt(squares / original.Length), squares == 0 ? 0 : squares / power);
    }
}
