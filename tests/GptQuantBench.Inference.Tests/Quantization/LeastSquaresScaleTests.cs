using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Tests.Quantization;

public class LeastSquaresScaleTests
{
    public static TheoryData<string> Searched =>
        [.. QuantizationFormat.All.Where(format => format.Bits == 4).Select(format => (format with { Search = ScaleSearch.LeastSquares }).Name)];

    /// <summary>No group is worse than with plain rounding, and all together are clearly better.</summary>
    [Theory]
    [MemberData(nameof(Searched))]
    public void No_group_is_worse_than_plain_rounding(string name)
    {
        QuantizationFormat searched = QuantizationFormat.Parse(name);
        Random random = new(5);
        double all = 0, allPlain = 0;
        for (int i = 0; i < 200; i++)
        {
            // Bell-shaped with a rare outlier, as weights are.
            float[] group = [.. Enumerable.Range(0, searched.GroupSize).Select(_ => (float)(0.02 * Normal(random) * (random.Next(60) == 0 ? 4 : 1)))];
            double error = SquaredError(searched, group), plain = SquaredError(searched.Layout, group);
            Assert.True(error <= plain * (1 + 1e-6), $"Group {i}: {error} with search, {plain} without.");
            all += error;
            allPlain += plain;
        }

        Assert.InRange(all / allPlain, 0.5, 0.95);
    }

    /// <summary>Against a search that tries every FP16 scale around the plain one, written out in FP64.</summary>
    [Fact]
    public void Symmetric_groups_come_near_the_best_of_all_fp16_scales()
    {
        QuantizationFormat searched = QuantizationFormat.Parse("int4-g32-sym+mse");
        Random random = new(6);
        double all = 0, best = 0;
        for (int i = 0; i < 40; i++)
        {
            float[] group = [.. Enumerable.Range(0, 32).Select(_ => (float)(0.02 * Normal(random)))];
            all += SquaredError(searched, group);
            float largest = group.Max(MathF.Abs);
            double least = double.MaxValue;
            for (ushort bits = BitConverter.HalfToUInt16Bits((Half)(largest / 11)); bits <= BitConverter.HalfToUInt16Bits((Half)(largest / 5)); bits++)
            {
                foreach (double scale in new[] { 1.0, -1.0 }.Select(sign => sign * (double)BitConverter.UInt16BitsToHalf(bits)))
                {
                    least = Math.Min(least, group.Sum(v => Math.Pow(v - (scale * Math.Clamp(Math.Round(v / scale), -8, 7)), 2)));
                }
            }

            best += least;
        }

        // Thirteen trials against some hundreds.
        Assert.InRange(all / best, 1 - 1e-6, 1.02);
    }

    [Theory]
    [MemberData(nameof(Searched))]
    public void Groups_of_zeros_of_one_value_and_of_large_values_survive(string name)
    {
        QuantizationFormat searched = QuantizationFormat.Parse(name);
        foreach (float[] row in new[] { new float[70], [.. Enumerable.Repeat(0.25f, 70)], [.. Enumerable.Repeat(-3e4f, 70)], [1f] })
        {
            float[] unpacked = RoundTrip(searched, row);
            Assert.All(row.Zip(unpacked), pair => Assert.Equal(pair.First, pair.Second, Math.Abs(pair.First) * 1e-3f));
        }
    }

    private static double SquaredError(QuantizationFormat format, float[] group) =>
        group.Zip(RoundTrip(format, group), (a, b) => ((double)a - b) * ((double)a - b)).Sum();

    private static float[] RoundTrip(QuantizationFormat format, float[] row)
    {
        using PackedMatrix matrix = PackedMatrix.Quantize(new MemoryLedger(), format, 1, row.Length, row, "test");
        float[] values = new float[row.Length];
        matrix.Dequantize(values);
        return values;
    }

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
