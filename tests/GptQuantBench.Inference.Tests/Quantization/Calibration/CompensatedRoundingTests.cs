using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Quantization;
using GptQuantBench.Inference.Quantization.Calibration;

namespace GptQuantBench.Inference.Tests.Quantization.Calibration;

public class CompensatedRoundingTests
{
    private const int PairColumns = 32;

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(5, 7, 3)]
    [InlineData(9, 40, 6)]
    [InlineData(16, 64, 12)]
    public void Dense_products_equal_their_definition(int tokens, int columns, int rows)
    {
        float[] x = Correlated(tokens, columns, 1), w = Correlated(rows, columns, 2), y = new float[tokens * rows];
        DenseProduct.Multiply(x, w, columns, y);
        for (int t = 0; t < tokens; t++)
        {
            for (int r = 0; r < rows; r++)
            {
                double sum = Enumerable.Range(0, columns).Sum(c => (double)x[(t * columns) + c] * w[(r * columns) + c]);
                Assert.Equal(sum, y[(t * rows) + r], 1e-4);
            }
        }
    }

    [Fact]
    public void The_inverse_factor_makes_the_inverse()
    {
        const int N = 37;
        double[] h = Moments(Correlated(100, N, 3), N);
        float[] u = InverseFactor.Of(h, N);
        for (int i = 0; i < N; i++)
        {
            for (int j = 0; j < N; j++)
            {
                double product = 0;
                for (int k = 0; k < N; k++)
                {
                    double inverse = Enumerable.Range(0, N).Sum(m => (double)u[(m * N) + i] * u[(m * N) + k]);
                    product += inverse * h[(k * N) + j];
                }

                Assert.Equal(i == j ? 1 : 0, product, 1e-4);
                Assert.True(j >= i || u[(i * N) + j] == 0, "U is upper triangular.");
            }
        }
    }

    /// <summary>On correlated inputs the outputs' error is far below that of plain rounding, and no other single code would lower it.</summary>
    [Theory]
    [InlineData("int4-g32-sym", 100)]
    [InlineData("int4-g64-asym", 100)]
    [InlineData("int4-g128-sym", 160)]
    public void The_outputs_change_less_and_no_single_code_is_better(string name, int columns)
    {
        const int Rows = 6;
        QuantizationFormat plain = QuantizationFormat.Parse(name);
        double[] h = Moments(Correlated(300, columns, 4), columns);
        Random random = new(5);
        float[] weights = [.. Enumerable.Range(0, Rows * columns).Select(_ => (random.NextSingle() - 0.5f) * 0.1f)];

        using PackedMatrix compensated = new(new MemoryLedger(), new PackedLayout(plain with { Search = ScaleSearch.Compensated }, Rows, columns));
        new CompensatedRounding(plain with { Search = ScaleSearch.Compensated }, new SharedMoments(h, columns)).Round(weights, compensated, "test");
        using PackedMatrix rounded = PackedMatrix.Quantize(new MemoryLedger(), plain, Rows, columns, weights, "test");
        using PackedMatrix searched = PackedMatrix.Quantize(
            new MemoryLedger(), plain with { Search = ScaleSearch.LeastSquares }, Rows, columns, weights, "test");
        double[] errors = [.. new[] { compensated, searched, rounded }.Select(matrix => Enumerable.Range(0, Rows).Sum(row => Error(Row(matrix, row), row)))];
        Assert.True(errors[0] < 0.6 * errors[1] && errors[0] < 0.6 * errors[2], string.Join(' ', errors));

        for (int row = 0; row < Rows; row++)
        {
            float[] values = Row(compensated, row);
            double least = Error(values, row);
            for (int column = 0; column < columns; column++)
            {
                int start = column / plain.GroupSize * plain.GroupSize;
                float[] group = [.. values[start..Math.Min(start + plain.GroupSize, columns)].Distinct().Order()];
                foreach (float other in group)
                {
                    float[] changed = [.. values];
                    changed[column] = other;

                    // The scales move once more after the codes, so a tie may fall the other way by a little.
                    Assert.True(Error(changed, row) > least * 0.98, $"Row {row}, column {column}.");
                }
            }

            // Nor would another scale or minimum of a group be better: all its values a little larger, or all a little higher.
            for (int start = 0; start < columns; start += plain.GroupSize)
            {
                foreach (float change in new[] { -0.01f, 0.01f })
                {
                    float step = change * values[start..Math.Min(start + plain.GroupSize, columns)].Max(MathF.Abs);
                    float[] larger = [.. values], higher = [.. values];
                    for (int column = start; column < Math.Min(start + plain.GroupSize, columns); column++)
                    {
                        larger[column] *= 1 + change;
                        higher[column] += step;
                    }

                    Assert.True(Error(larger, row) > least * 0.99, $"Row {row}, scale of group {start / plain.GroupSize}.");
                    Assert.True(plain.IsSymmetric || Error(higher, row) > least * 0.99, $"Row {row}, minimum of group {start / plain.GroupSize}.");
                }
            }
        }

        double Error(float[] values, int row)
        {
            double[] d = [.. values.Select((value, i) => (double)value - weights[(row * columns) + i])];
            double sum = 0;
            for (int i = 0; i < columns; i++)
            {
                for (int j = 0; j < columns; j++)
                {
                    sum += d[i] * h[(i * columns) + j] * d[j];
                }
            }

            return sum;
        }

        float[] Row(PackedMatrix matrix, int row)
        {
            float[] values = new float[columns];
            matrix.GetRow(row, values);
            return values;
        }
    }

    /// <summary>Two errors of 0.6 and −0.6 on inputs that are nearly equal cancel; no single move is better, and both moves together are.</summary>
    [Fact]
    public void A_pair_of_codes_moves_where_no_single_code_can()
    {
        RoundedRow row = PairOfInputs(code: 8, scale: 1, error: -0.6f);
        Assert.True(PairDescent.Run(row));
        Assert.Equal([9, 7, .. Enumerable.Repeat((byte)8, PairColumns - 2)], row.Codes);
        Assert.Equal(-0.4 + (0.4 * 0.95), row.Pull[0], 1e-5);
    }

    /// <summary>A code at the end of its range, a pair that gains nothing, and a scale of 0 stay as they are.</summary>
    [Theory]
    [InlineData(15, 1f, -0.6f)]
    [InlineData(8, 1f, -0.2f)]
    [InlineData(8, 0f, -0.6f)]
    public void Codes_stay_where_no_pair_gains(int code, float scale, float error)
    {
        RoundedRow row = PairOfInputs(code, scale, error);
        byte[] before = [.. row.Codes];
        float[] pull = [.. row.Pull];
        Assert.False(PairDescent.Run(row));
        Assert.Equal(before, row.Codes);
        Assert.Equal(pull, row.Pull.ToArray());
    }

    /// <summary>With a negative scale a code goes down where the value goes up.</summary>
    [Fact]
    public void A_pair_moves_by_a_negative_scale_too()
    {
        RoundedRow row = PairOfInputs(code: 8, scale: -1, error: -0.6f);
        Assert.True(PairDescent.Run(row));
        Assert.Equal([7, 9, .. Enumerable.Repeat((byte)8, PairColumns - 2)], row.Codes);
    }

    /// <summary>The mean of x·xᵀ, and a little on the diagonal.</summary>
    private static double[] Moments(float[] inputs, int columns)
    {
        MatrixSum sum = new(columns, columns);
        float[] transposed = MatrixSum.Transposed(inputs, columns);
        sum.Add(transposed, transposed);
        double[] mean = [.. sum.Values.Select(value => value * columns / inputs.Length)];
        SharedMoments.Dampen(mean, columns, 0.01);
        return mean;
    }

    /// <summary>Rows of a few shared directions and some noise, as activations are.</summary>
    private static float[] Correlated(int rows, int columns, int seed)
    {
        Random random = new(seed);
        float[] values = new float[rows * columns];
        for (int row = 0; row < rows; row++)
        {
            float[] parts = [.. Enumerable.Range(0, 4).Select(_ => (float)((random.NextDouble() * 2) - 1))];
            for (int column = 0; column < columns; column++)
            {
                float shared = parts.Select((part, i) => part * MathF.Cos(((i + 1) * column * 0.31f) + i)).Sum();
                values[(row * columns) + column] = shared + (0.3f * (random.NextSingle() - 0.5f));
            }
        }

        return values;
    }

    /// <summary>A row of codes 8 but for the first, on inputs of which the first two are nearly equal; these have opposite errors.</summary>
    private static RoundedRow PairOfInputs(int code, float scale, float error)
    {
        double[] h = new double[PairColumns * PairColumns];
        for (int i = 0; i < PairColumns; i++)
        {
            h[(i * PairColumns) + i] = 1;
        }

        h[1] = h[PairColumns] = 0.95;
        RoundedRow row = new(QuantizationFormat.Parse("int4-g32-sym"), new SharedMoments(h, PairColumns));
        row.Open(0);
        row.Codes.AsSpan().Fill(8);
        row.Codes[0] = (byte)code;
        row.Scales[0] = (Half)scale;
        row.Follow(0, error);
        row.Follow(1, -error);
        return row;
    }
}
