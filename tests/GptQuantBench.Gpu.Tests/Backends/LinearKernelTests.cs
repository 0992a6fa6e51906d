using GptQuantBench.Cuda;
using GptQuantBench.Inference.Backends.Cuda;

namespace GptQuantBench.Gpu.Tests.Backends;

/// <summary>Every fused product against float64 arithmetic on the unpacked weights.</summary>
public sealed class LinearKernelTests
{
    // FP16 activations and, in grouped formats, weights rounded to FP16.
    private const double Tolerance = 1e-3;
    private const float Epsilon = 1e-5f;

    private static readonly (int Rows, int Columns, int Tokens)[] _shapes =
    [
        (1, 1, 1), (3, 5, 2), (7, 33, 1), (9, 64, 16), (24, 100, 3), (96, 192, 1), (192, 768, 9), (768, 3072, 1), (2304, 768, 5),
        (1000, 129, 8), (12_001, 96, 1), (6001, 768, 1), (6400, 1600, 2), (640, 2047, 16),
    ];

    public static TheoryData<string> Formats => TestModels.Formats;

    [Theory]
    [MemberData(nameof(Formats))]
    public void Products_of_halves_match(string name) => ForEachShape(name, (fixture, rows, columns, tokens) =>
    {
        float[] activations = Numbers.Normal(fixture.Random, tokens * columns);
        float[] expected = fixture.Multiply(RoundToHalf(activations), tokens, null);
        using CudaDeviceVariable<Half> input = fixture.UploadHalves(activations, tokens);
        using CudaDeviceVariable<float> output = fixture.Poisoned<float>(tokens * rows);
        LinearArguments arguments = fixture.Arguments(tokens);
        arguments.Bias = CudaDevicePointer.Null;
        arguments.Input = input.DevicePointer;
        arguments.Output = output.DevicePointer;
        fixture.Launch(fixture.Kernels.Linear.Product, ref arguments);
        Numbers.AssertClose(output.ToArray(), expected, Tolerance, $"product {rows} × {columns}, {tokens} tokens");

        // The same into a residual stream, with bias.
        float[] residual = Numbers.Normal(fixture.Random, tokens * rows);
        output.CopyToDevice(residual);
        arguments = fixture.Arguments(tokens);
        arguments.Input = input.DevicePointer;
        arguments.Output = output.DevicePointer;
        fixture.Launch(fixture.Kernels.Linear.Residual, ref arguments);
        expected = fixture.Multiply(RoundToHalf(activations), tokens, fixture.Bias);
        for (int i = 0; i < expected.Length; i++)
        {
            expected[i] += residual[i];
        }

        Numbers.AssertClose(output.ToArray(), expected, Tolerance, $"residual {rows} × {columns}, {tokens} tokens");
    });

    [Theory]
    [MemberData(nameof(Formats))]
    public void Norm_and_gelu_and_logits_match(string name) => ForEachShape(name, (fixture, rows, columns, tokens) =>
    {
        float[] residual = Numbers.Normal(fixture.Random, tokens * columns, 3f);
        float[] gain = Numbers.Normal(fixture.Random, columns);
        float[] shift = Numbers.Normal(fixture.Random, columns);
        float[] normed = Normalise(residual, gain, shift, tokens);
        using CudaDeviceVariable<float> input = fixture.Upload(residual);
        using CudaDeviceVariable<float> deviceGain = fixture.Upload(gain);
        using CudaDeviceVariable<float> deviceShift = fixture.Upload(shift);
        LinearArguments arguments = fixture.Arguments(tokens);
        arguments.Input = input.DevicePointer;
        arguments.Gain = deviceGain.DevicePointer;
        arguments.Shift = deviceShift.DevicePointer;
        arguments.Epsilon = Epsilon;

        int pitch = rows + 3;
        using CudaDeviceVariable<Half> hidden = fixture.Poisoned<Half>(tokens * pitch);
        arguments.Output = hidden.DevicePointer;
        arguments.OutputPitch = pitch;
        fixture.Launch(fixture.Kernels.Linear.NormGelu, ref arguments);
        float[] expected = fixture.Multiply(normed, tokens, fixture.Bias);
        float[] gelu = [.. expected.Select(Numbers.Gelu)];
        Half[] actual = hidden.ToArray();
        float[] compact = new float[tokens * rows];
        for (int i = 0; i < compact.Length; i++)
        {
            compact[i] = (float)actual[(i / rows * pitch) + (i % rows)];
        }

        Numbers.AssertClose(compact, gelu, 2 * Tolerance, $"gelu {rows} × {columns}, {tokens} tokens");

        using CudaDeviceVariable<float> logits = fixture.Poisoned<float>(tokens * rows);
        arguments.Output = logits.DevicePointer;
        arguments.Bias = CudaDevicePointer.Null;
        fixture.Launch(fixture.Kernels.Linear.NormLogits, ref arguments);
        float[] values = logits.ToArray();
        Numbers.AssertClose(values, fixture.Multiply(normed, tokens, null), 2 * Tolerance, $"logits {rows} × {columns}, {tokens} tokens");
        ulong best = fixture.State.ToArray()[0].Best;
        ReadOnlySpan<float> last = values.AsSpan((tokens - 1) * rows, rows);
        int argmax = 0;
        for (int i = 1; i < rows; i++)
        {
            argmax = last[i] > last[argmax] ? i : argmax;
        }

        Assert.Equal(argmax, (int)~(uint)best);
    });

    [Theory]
    [MemberData(nameof(Formats))]
    public void Attention_is_combined_from_its_ranges_and_added_to_the_residual(string name)
    {
        const int RangeSize = 128;
        foreach ((int heads, int headSize, int ranges, int position) in
            ((int, int, int, int)[])[(1, 4, 1, 0), (3, 13, 2, 127), (5, 20, 3, 300), (12, 64, 8, 128), (25, 64, 8, 1023)])
        {
            int width = heads * headSize, used = (position / RangeSize) + 1;
            using PackedFixture fixture = new(name, width, width);
            float[] partial = Numbers.Normal(fixture.Random, heads * ranges * headSize);
            float[] weights = Numbers.Normal(fixture.Random, heads * ranges * 2, 4f);
            float[] attended = new float[width];
            for (int row = 0; row < heads * ranges; row++)
            {
                weights[(2 * row) + 1] = 1 + MathF.Abs(weights[(2 * row) + 1]);
                if (row % ranges >= used)
                {
                    partial.AsSpan(row * headSize, headSize).Fill(float.NaN);
                    weights.AsSpan(2 * row, 2).Fill(float.NaN);
                }
            }

            for (int i = 0; i < width; i++)
            {
                int first = i / headSize * ranges;
                double sum = 0, total = 0;
                for (int range = first; range < first + used; range++)
                {
                    double factor = Math.Exp(weights[2 * range]);
                    sum += factor * partial[(range * headSize) + (i % headSize)];
                    total += factor * weights[(2 * range) + 1];
                }

                attended[i] = (float)(Half)(sum / total);
            }

            float[] residual = Numbers.Normal(fixture.Random, width);
            float[] expected = [.. fixture.Multiply(attended, 1, fixture.Bias).Zip(residual, (y, old) => y + old)];
            using CudaDeviceVariable<float> devicePartial = fixture.Upload(partial);
            using CudaDeviceVariable<float> deviceWeights = fixture.Upload(weights);
            using CudaDeviceVariable<float> output = fixture.Upload(residual);
            fixture.State.CopyToDevice([new DecodeState { Position = position }]);
            LinearArguments arguments = fixture.Arguments(1);
            arguments.Partial = devicePartial.DevicePointer;
            arguments.Weights = deviceWeights.DevicePointer;
            arguments.Output = output.DevicePointer;
            arguments.Heads = heads;
            arguments.HeadSize = headSize;
            arguments.Ranges = ranges;
            arguments.RangeSize = RangeSize;
            fixture.Launch(fixture.Kernels.Linear.CombineResidual, ref arguments);
            Numbers.AssertClose(output.ToArray(), expected, Tolerance, $"heads {heads} × {headSize}, position {position}");
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void One_wrong_weight_is_caught(string name)
    {
        const int Row = 5, Tokens = 3;
        using PackedFixture fixture = new(name, rows: 96, columns: 192);
        float[] activations = RoundToHalf(Numbers.Normal(fixture.Random, Tokens * fixture.Columns));
        float[] expected = fixture.Multiply(activations, Tokens, null);
        using CudaDeviceVariable<Half> input = fixture.UploadHalves(activations, Tokens);
        using CudaDeviceVariable<float> output = fixture.Poisoned<float>(Tokens * fixture.Rows);
        LinearArguments arguments = fixture.Arguments(Tokens);
        arguments.Bias = CudaDevicePointer.Null;
        arguments.Input = input.DevicePointer;
        arguments.Output = output.DevicePointer;
        fixture.Launch(fixture.Kernels.Linear.Product, ref arguments);
        Assert.InRange(Numbers.RelativeError(output.ToArray(), expected), 0, Tolerance);

        // The highest bit of one code: the sign of a half or signed byte, half the range of four bits.
        int column = Array.FindIndex(fixture.Weights, Row * fixture.Columns, 16, weight => Math.Abs(weight) > 0.03f) - (Row * fixture.Columns);
        int bits = fixture.Matrix.Layout.Format.Bits;
        CudaDevicePointer code = fixture.Matrix.View.Codes + (Row * fixture.Matrix.View.Pitch) + (bits == 16 ? (2 * column) + 1 : column);
        byte[] value = new byte[1];
        CudaMemory.CopyToHost<byte>(value, code);
        CudaMemory.CopyToDevice<byte>(code, [(byte)(value[0] ^ (bits == 4 ? 0x08 : 0x80))]);
        fixture.Launch(fixture.Kernels.Linear.Product, ref arguments);
        Assert.InRange(Numbers.RelativeError(output.ToArray(), expected), 2 * Tolerance, 1);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Queries_keys_and_values_go_where_attention_reads_them(string name)
    {
        foreach ((int heads, int headSize, int tokens) in ((int, int, int)[])[(1, 4, 1), (3, 13, 2), (12, 64, 1), (5, 20, 16), (2, 100, 3)])
        {
            int width = heads * headSize;
            using PackedFixture fixture = new(name, 3 * width, width);
            const int Capacity = 40, Position = 9;
            int headPitch = AttentionKernels.HeadPitch(headSize);
            float[] residual = Numbers.Normal(fixture.Random, tokens * width, 3f);
            float[] ones = [.. Enumerable.Repeat(1f, width)];
            float[] normed = Normalise(residual, ones, new float[width], tokens);
            using CudaDeviceVariable<float> input = fixture.Upload(residual);
            using CudaDeviceVariable<float> gain = fixture.Upload(ones);
            using CudaDeviceVariable<float> shift = fixture.Upload(new float[width]);
            using CudaDeviceVariable<float> queries = fixture.Poisoned<float>(tokens * width);
            using CudaDeviceVariable<Half> keys = fixture.Poisoned<Half>(heads * Capacity * headPitch);
            using CudaDeviceVariable<Half> values = fixture.Poisoned<Half>(heads * Capacity * headPitch);
            fixture.State.CopyToDevice([new DecodeState { Position = Position }]);
            LinearArguments arguments = fixture.Arguments(tokens);
            arguments.Input = input.DevicePointer;
            arguments.Gain = gain.DevicePointer;
            arguments.Shift = shift.DevicePointer;
            arguments.Epsilon = Epsilon;
            arguments.Output = queries.DevicePointer;
            arguments.Keys = keys.DevicePointer;
            arguments.Values = values.DevicePointer;
            arguments.Heads = heads;
            arguments.HeadSize = headSize;
            arguments.HeadPitch = headPitch;
            arguments.Capacity = Capacity;
            arguments.QueryScale = 0.5f;
            fixture.Launch(fixture.Kernels.Linear.NormHeads, ref arguments);

            float[] expected = fixture.Multiply(normed, tokens, fixture.Bias);
            float[] actual = new float[expected.Length];
            float[] queriesOut = queries.ToArray();
            Half[] keysOut = keys.ToArray(), valuesOut = values.ToArray();
            for (int i = 0; i < actual.Length; i++)
            {
                int t = i / (3 * width), column = i % width, slot = (((column / headSize * Capacity) + Position + t) * headPitch) + (column % headSize);
                actual[i] = (i % (3 * width) / width) switch
                {
                    0 => queriesOut[(t * width) + column] * 2,
                    1 => (float)keysOut[slot],
                    _ => (float)valuesOut[slot],
                };
            }

            Numbers.AssertClose(actual, expected, 2 * Tolerance, $"heads {heads} × {headSize}");
            Assert.Equal(heads * tokens * headPitch, keysOut.Count(key => !Half.IsNaN(key)));
        }
    }

    private static void ForEachShape(string name, Action<PackedFixture, int, int, int> test)
    {
        foreach ((int rows, int columns, int tokens) in _shapes)
        {
            using PackedFixture fixture = new(name, rows, columns);
            test(fixture, rows, columns, tokens);
        }
    }

    private static float[] RoundToHalf(float[] values) => [.. values.Select(value => (float)(Half)value)];

    private static float[] Normalise(float[] values, float[] gain, float[] shift, int tokens)
    {
        int columns = gain.Length;
        float[] result = new float[values.Length];
        for (int t = 0; t < tokens; t++)
        {
            ReadOnlySpan<float> row = values.AsSpan(t * columns, columns);
            double mean = 0, variance = 0;
            foreach (float value in row)
            {
                mean += value / (double)columns;
            }

            foreach (float value in row)
            {
                variance += (value - mean) * (value - mean) / columns;
            }

            for (int i = 0; i < columns; i++)
            {
                result[(t * columns) + i] = (float)(((row[i] - mean) / Math.Sqrt(variance + Epsilon) * gain[i]) + shift[i]);
            }
        }

        return result;
    }
}
