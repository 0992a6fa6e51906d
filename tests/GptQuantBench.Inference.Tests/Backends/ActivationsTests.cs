using GptQuantBench.Inference.Backends.Cpu;

namespace GptQuantBench.Inference.Tests.Backends;

public unsafe class ActivationsTests
{
    [Fact]
    public void Gelu_is_gelu_new_over_the_whole_range()
    {
        float[] x =
        [
            .. Enumerable.Range(-40_000, 80_003).Select(i => i / 4000f), 0f, -0f, 1e-30f, -1e-30f,
            50f, -50f, 1e4f, -1e4f, 1e18f, -1e18f, 1e30f, -1e30f,
        ];
        float[] y = [.. x];
        fixed (float* values = y)
        {
            Activations.Gelu(values, y.Length);
        }

        for (int i = 0; i < x.Length; i++)
        {
            double v = x[i];
            double expected = 0.5 * v * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (v + (0.044715 * v * v * v))));
            Assert.True(
                Math.Abs(y[i] - expected) <= Tolerances.Gelu * Math.Max(Math.Abs(expected), 1e-3 * Math.Min(1, Math.Abs(v) + 1e-30)) + 1e-9,
                $"gelu({x[i]}) = {y[i]}, expected {expected}");
        }
    }

    [Fact]
    public void Gelu_of_any_count_touches_only_its_elements()
    {
        for (int count = 0; count < 40; count++)
        {
            float[] values = new float[count + 1];
            Array.Fill(values, 1f);
            fixed (float* x = values)
            {
                Activations.Gelu(x, count);
            }

            Assert.All(values[..count], value => Assert.Equal(0.84119f, value, 4));
            Assert.Equal(1f, values[count]);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(192)]
    [InlineData(1600)]
    public void Layer_norm_equals_its_definition(int width)
    {
        Random random = new(width);
        float[] x = [.. Enumerable.Range(0, width).Select(_ => (random.NextSingle() * 20) + 5)];
        float[] gain = [.. x.Select(_ => random.NextSingle())], bias = [.. x.Select(_ => random.NextSingle())], y = new float[width];
        fixed (float* from = x, gains = gain, biases = bias, to = y)
        {
            Activations.LayerNorm(from, gains, biases, 1e-5f, to, width);
        }

        double mean = x.Average(value => (double)value);
        double variance = x.Average(value => (value - mean) * (value - mean));
        for (int i = 0; i < width; i++)
        {
            Assert.Equal(((x[i] - mean) / Math.Sqrt(variance + 1e-5) * gain[i]) + bias[i], y[i], Tolerances.Normalisation * 4);
        }
    }

    [Theory]
    [InlineData(1, 30)]
    [InlineData(8, 1)]
    [InlineData(77, 30)]
    [InlineData(950, 200)]
    public void Softmax_equals_its_definition_and_neither_overflows_nor_touches_more(int count, float range)
    {
        Random random = new(count);
        float[] x = [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * range) + 1000)];
        float[] y = [.. x, 7f];
        fixed (float* values = y)
        {
            Activations.Softmax(values, count);
        }

        double sum = x.Sum(value => Math.Exp((double)value - x.Max()));
        for (int i = 0; i < count; i++)
        {
            double expected = Math.Exp((double)x[i] - x.Max()) / sum;
            Assert.True(Math.Abs(y[i] - expected) <= (1e-6 * expected) + 1e-37, $"{x[i]} becomes {y[i]}, expected {expected}");
        }

        Assert.Equal(7f, y[count]);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(20)]
    public void What_is_not_a_number_stays_visible(int count)
    {
        float[] softmax = [.. Enumerable.Repeat(1f, count - 1), float.NaN], gelu = [.. softmax];
        fixed (float* x = softmax, y = gelu)
        {
            Activations.Softmax(x, count);
            Activations.Gelu(y, count);
        }

        Assert.All(softmax, value => Assert.True(float.IsNaN(value)));
        Assert.True(float.IsNaN(gelu[^1]));
    }
}
