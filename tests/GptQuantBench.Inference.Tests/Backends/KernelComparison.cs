namespace GptQuantBench.Inference.Tests.Backends;

/// <summary>How kernels are held against FP64.</summary>
internal static class KernelComparison
{
    /// <summary>
    /// The largest |y − Σ w x| / Σ |w x| over all outputs; infinite where a value is NaN or differs from a sum of nothing but zeros.
    /// </summary>
    /// <param name="w">[rows, columns].</param>
    /// <param name="x">[tokens, columns].</param>
    /// <param name="y">[tokens, rows].</param>
    /// <param name="columns">Columns.</param>
    public static double WorstShare(ReadOnlySpan<float> w, ReadOnlySpan<float> x, ReadOnlySpan<float> y, int columns)
    {
        int rows = w.Length / columns;
        double worst = 0;
        for (int output = 0; output < y.Length; output++)
        {
            ReadOnlySpan<float> row = w.Slice(output % rows * columns, columns);
            ReadOnlySpan<float> input = x.Slice(output / rows * columns, columns);
            double sum = 0, magnitude = 0;
            for (int column = 0; column < columns; column++)
            {
                double product = (double)row[column] * input[column];
                sum += product;
                magnitude += Math.Abs(product);
            }

            double difference = Math.Abs(y[output] - sum);
            worst = Math.Max(worst, difference == 0 ? 0 : difference / magnitude);
            if (double.IsNaN(difference))
            {
                return double.PositiveInfinity;
            }
        }

        return worst;
    }

    /// <summary>Root of the mean squared difference / root of the mean squared expectation.</summary>
    public static double RelativeRms(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        double difference = 0, power = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            difference += ((double)expected[i] - actual[i]) * ((double)expected[i] - actual[i]);
            power += (double)expected[i] * expected[i];
        }

        return Math.Sqrt(difference / power);
    }
}
