using System.Numerics.Tensors;

namespace GptQuantBench.Gpu.Tests.Backends;

/// <summary>Random input and measures of difference.</summary>
internal static class Numbers
{
    /// <summary>Normally distributed values.</summary>
    public static float[] Normal(Random random, int count, float deviation = 1f)
    {
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            double radius = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()));
            values[i] = deviation * (float)(radius * Math.Cos(2 * Math.PI * random.NextDouble()));
        }

        return values;
    }

    /// <summary>Values rounded to FP16.</summary>
    public static Half[] Halves(ReadOnlySpan<float> values)
    {
        Half[] halves = new Half[values.Length];
        TensorPrimitives.ConvertToHalf(values, halves);
        return halves;
    }

    /// <summary>GELU as GPT-2 has it.</summary>
    public static float Gelu(float x) => (float)(0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x)))));

    /// <summary>Root of the summed squared differences over the summed squares of the reference; NaN never passes a comparison.</summary>
    public static double RelativeError(ReadOnlySpan<float> actual, ReadOnlySpan<float> expected)
    {
        Assert.Equal(expected.Length, actual.Length);
        double squares = 0, power = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            double difference = (double)actual[i] - expected[i];
            squares += difference * difference;
            power += (double)expected[i] * expected[i];
        }

        return squares == 0 ? 0 : Math.Sqrt(squares / power);
    }

    /// <summary>Fails unless the relative error is at most the tolerance.</summary>
    public static void AssertClose(ReadOnlySpan<float> actual, ReadOnlySpan<float> expected, double tolerance, string what)
    {
        double error = RelativeError(actual, expected);
        Assert.True(error <= tolerance, $"{what}: relative error {error:g3} where at most {tolerance:g3} is expected.");
    }
}
