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
        Activations.LayerNorm(x, gain, bias, 1e-5f, y);
        double mean = x.Average(value => (double)value);
        double variance = x.Average(value => (value - mean) * (value - mean));
        for (int i = 0; i < width; i++)
        {
            Assert.Equal(((x[i] - mean) / Math.Sqrt(variance + 1e-5) * gain[i]) + bias[i], y[i], Tolerances.Normalisation * 4);
        }
    }

    [Fact]
    public void Softmax_equals_its_definition_and_does_not_overflow()
    {
        Random random = new(3);
        float[] x = [.. Enumerable.Range(0, 77).Select(_ => (random.NextSingle() * 30) + 1000)];
        float[] y = [.. x];
        Activations.Softmax(y);
        double sum = x.Sum(value => Math.Exp((double)value - x.Max()));
        for (int i = 0; i < x.Length; i++)
        {
            Assert.Equal(Math.Exp((double)x[i] - x.Max()) / sum, y[i], Tolerances.Normalisation);
        }
    }
}
