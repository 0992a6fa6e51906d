using GptQuantBench.Inference.Quantization;
using GptQuantBench.Inference.Quantization.Calibration;

namespace GptQuantBench.Inference.Tests.Quantization.Calibration;

/// <summary>The moves of the search, each against its definition.</summary>
public class RoundedRowTests
{
    private const int Columns = 40;

    private static readonly QuantizationFormat _symmetric = QuantizationFormat.Parse("int4-g32-sym");
    private static readonly QuantizationFormat _asymmetric = QuantizationFormat.Parse("int4-g32-asym");

    /// <summary>Codes −8…7 times the scale; codes 0…15 times the scale and the minimum added; each group has its own.</summary>
    [Fact]
    public void A_code_means_its_units_times_the_scale_of_its_group()
    {
        RoundedRow row = Open(_symmetric);
        (row.Scales[0], row.Scales[1]) = ((Half)0.5f, (Half)(-2f));
        (row.Codes[3], row.Codes[35]) = (0, 15);
        Assert.Equal((-8f, -4f), (row.Units(3), row.Value(3)));
        Assert.Equal((7f, -14f), (row.Units(35), row.Value(35)));

        row = Open(_asymmetric);
        (row.Scales[1], row.Minima[1]) = ((Half)2f, (Half)(-3f));
        row.Codes[35] = 15;
        Assert.Equal((15f, 27f), (row.Units(35), row.Value(35)));
    }

    [Theory]
    [InlineData(1f, 2.4f, 10)]
    [InlineData(1f, 2.6f, 11)]
    [InlineData(1f, 100f, 15)]
    [InlineData(1f, -100f, 0)]
    [InlineData(-1f, 2.6f, 5)]
    [InlineData(0f, 2.6f, 8)]
    public void The_nearest_code_is_the_nearest_that_there_is(float scale, float value, int expected)
    {
        RoundedRow row = Open(_symmetric);
        row.Scales[1] = (Half)scale;
        Assert.Equal(expected, row.Nearest(33, value));
    }

    [Theory]
    [InlineData(2f, -3f, 0f, 2)]
    [InlineData(2f, -3f, -100f, 0)]
    [InlineData(2f, -3f, 100f, 15)]
    [InlineData(0f, -3f, 5f, 0)]
    public void The_nearest_code_above_a_minimum(float scale, float minimum, float value, int expected)
    {
        RoundedRow row = Open(_asymmetric);
        (row.Scales[1], row.Minima[1]) = ((Half)scale, (Half)minimum);
        Assert.Equal(expected, row.Nearest(33, value));
    }

    /// <summary>A value moves by one scale in the direction of the step: its code up or down by the sign of the scale.</summary>
    [Theory]
    [InlineData(0.5f, 0.5f, 9)]
    [InlineData(0.5f, -0.5f, 7)]
    [InlineData(-0.5f, 0.5f, 7)]
    [InlineData(-0.5f, -0.5f, 9)]
    public void A_step_moves_the_value_in_its_direction(float scale, float step, int expected)
    {
        RoundedRow row = Open(_symmetric);
        row.Scales[0] = (Half)scale;
        row.Codes[5] = 8;
        Assert.True(row.CanStep(5, step));
        row.Step(5, step);
        Assert.Equal((expected, step), (row.Codes[5], row.Value(5)));

        // What the value gained is followed by the pull of every column: −H·change.
        for (int column = 0; column < Columns; column++)
        {
            Assert.Equal(-step * Moment(column, 5), row.Pull[column], 1e-6f);
        }
    }

    [Theory]
    [InlineData(0.5f, 14, 1f, true)]
    [InlineData(0.5f, 1, -1f, true)]
    [InlineData(0.5f, 15, 1f, false)]
    [InlineData(0.5f, 15, -1f, true)]
    [InlineData(0.5f, 0, -1f, false)]
    [InlineData(0.5f, 0, 1f, true)]
    [InlineData(-0.5f, 15, -1f, false)]
    [InlineData(-0.5f, 0, 1f, false)]
    public void There_is_no_code_beyond_the_ends(float scale, int code, float step, bool expected)
    {
        RoundedRow row = Open(_symmetric);
        row.Scales[0] = (Half)scale;
        row.Codes[5] = (byte)code;
        Assert.Equal(expected, row.CanStep(5, step));
    }

    /// <summary>Scales are FP16: they move as far as the next of those, and neither to 0 nor beyond the largest.</summary>
    [Fact]
    public void A_scale_moves_to_a_half_that_is_one()
    {
        RoundedRow row = Open(_asymmetric);
        row.Scales[1] = (Half)1f;
        Assert.Equal(0.25f, row.MoveScale(1, 0.25f));
        Assert.Equal((Half)1.25f, row.Scales[1]);
        Assert.Equal(1f / 1024, row.MoveScale(1, 0.0009f));
        Assert.Equal((Half)(1.25f + (1f / 1024)), row.Scales[1]);
        Assert.Equal(0f, row.MoveScale(1, -(float)row.Scales[1]));
        Assert.Equal(0f, row.MoveScale(1, 1e6f));
        Assert.Equal(0f, row.MoveScale(1, float.NaN));
        Assert.Equal((Half)(1.25f + (1f / 1024)), row.Scales[1]);

        row.Minima[0] = (Half)(-2f);
        Assert.Equal(-1f, row.MoveMinimum(0, -1f));
        Assert.Equal((Half)(-3f), row.Minima[0]);
        Assert.Equal((Half)0f, row.Minima[1]);
    }

    /// <summary>The values are codes times a scale already, so that scale, with its sign, fits without an error.</summary>
    [Theory]
    [InlineData(-0.25f)]
    [InlineData(0.25f)]
    public void A_scale_that_fits_is_found(float scale)
    {
        float[] values = [.. Enumerable.Range(0, 8).Select(i => scale * (i - 8))];
        RoundedRow row = Open(_symmetric);
        row.FindScale(1, values);
        Assert.Equal((Half)scale, row.Scales[1]);
        Assert.Equal(Half.Zero, row.Scales[0]);

        row = Open(_asymmetric);
        row.FindScale(1, [.. Enumerable.Range(0, 16).Take(8).Select(i => 0.5f + (0.25f * (i == 7 ? 15 : i)))]);
        Assert.Equal(((Half)0.25f, (Half)0.5f), (row.Scales[1], row.Minima[1]));
    }

    [Fact]
    public void A_columns_curvature_is_its_own_moment()
    {
        RoundedRow row = Open(_symmetric);
        Assert.Equal(Moment(7, 7), row.Curvature(7), 1e-6f);
        Assert.Equal(2, row.Scales.Length);
        Assert.Empty(row.Minima);
        Assert.Equal(2, Open(_asymmetric).Minima.Length);
    }

    [Fact]
    public void Damping_adds_a_share_of_the_mean_diagonal()
    {
        double[] matrix = [1, 0.5, 0.5, 3];
        SharedMoments.Dampen(matrix, 2, 0.1);
        Assert.Equal([1.2, 0.5, 0.5, 3.2], matrix);
        double[] unused = new double[4];
        SharedMoments.Dampen(unused, 2, 0.1);
        Assert.Equal([1, 0, 0, 1], unused);
    }

    private static double Moment(int i, int j) => i == j ? 2 + (0.1 * i) : i / 32 == j / 32 ? 0.01 * (1 + ((i + j) % 5)) : 0;

    private static RoundedRow Open(QuantizationFormat format)
    {
        double[] moments = [.. from i in Enumerable.Range(0, Columns) from j in Enumerable.Range(0, Columns) select Moment(i, j)];
        RoundedRow row = new(format, new SharedMoments(moments, Columns));
        row.Open(0);
        return row;
    }
}
