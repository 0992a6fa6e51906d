using GptQuantBench.Cuda;
using GptQuantBench.Inference.Backends.Cuda;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Quantization;

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
        int pitch = fixture.Kernels.Linear.ActivationPitch(columns);
        Half[] padded = new Half[tokens * pitch];
        for (int t = 0; t < tokens; t++)
        {
            Numbers.Halves(activations.AsSpan(t * columns, columns)).CopyTo(padded, t * pitch);
        }

        using CudaDeviceVariable<Half> input = fixture.Upload(padded);
        using CudaDeviceVariable<float> output = fixture.Poisoned<float>(tokens * rows);
        LinearArguments arguments = fixture.Arguments(tokens);
        arguments.Bias = CudaDevicePointer.Null;
        arguments.Input = input.DevicePointer;
        arguments.Output = output.DevicePointer;
        fixture.Launch(fixture.Kernels.Linear.Product, ref arguments);
        Numbers.AssertClose(output.ToArray(), expected, Tolerance, "product");

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

        Numbers.AssertClose(output.ToArray(), expected, Tolerance, "residual");
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

        Numbers.AssertClose(compact, gelu, 2 * Tolerance, "gelu");

        using CudaDeviceVariable<float> logits = fixture.Poisoned<float>(tokens * rows);
        arguments.Output = logits.DevicePointer;
        arguments.Bias = CudaDevicePointer.Null;
        fixture.Launch(fixture.Kernels.Linear.NormLogits, ref arguments);
        float[] values = logits.ToArray();
        Numbers.AssertClose(values, fixture.Multiply(normed, tokens, null), 2 * Tolerance, "logits");
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
    public void Heads_are_split_and_attention_is_combined(string name)
    {
        foreach ((int heads, int headSize, int tokens) in ((int, int, int)[])[(1, 4, 1), (3, 13, 2), (12, 64, 1), (5, 20, 16), (2, 100, 3)])
        {
            int width = heads * headSize;
            using Fixture fixture = new(name, 3 * width, width);
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

    private static void ForEachShape(string name, Action<Fixture, int, int, int> test)
    {
        foreach ((int rows, int columns, int tokens) in _shapes)
        {
            using Fixture fixture = new(name, rows, columns);
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

    /// <summary>A packed random matrix with bias on host and device.</summary>
    private sealed class Fixture : IDisposable
    {
        private readonly CudaContext _context;
        private readonly CudaStream _stream;
        private readonly DeviceMatrix _matrix;
        private readonly CudaDeviceVariable<float> _bias;
        private readonly float[] _weights;
        private readonly int _rows;
        private readonly int _columns;

        public Fixture(string name, int rows, int columns)
        {
            _context = Gpu.Require();
            _rows = rows;
            _columns = columns;
            QuantizationFormat format = QuantizationFormat.Parse(name);
            Kernels = CudaRuntime.Kernels(_context, format);
            Random = new(rows + columns);
            _stream = new(_context);
            _weights = Numbers.Normal(Random, rows * columns, 0.05f);
            using PackedMatrix packed = PackedMatrix.Quantize(new MemoryLedger(), format, rows, columns, _weights, "weights");
            using CudaDeviceVariable<float> values = Upload(_weights);
            using CudaDeviceVariable<uint> fault = new(_context, 1);
            _matrix = new(new CudaDeviceAllocator(_context), new PackedLayout(format, rows, columns));
            Kernels.Pack.Pack(_stream, values.DevicePointer, _matrix, fault.DevicePointer, 0, rows);
            _stream.Synchronize();
            packed.Dequantize(_weights);
            Bias = Numbers.Normal(Random, rows);
            _bias = Upload(Bias);
            State = Upload([default(DecodeState)]);
        }

        public KernelSet Kernels { get; }

        public Random Random { get; }

        public float[] Bias { get; }

        public CudaDeviceVariable<DecodeState> State { get; }

        public LinearArguments Arguments(int tokens) => new()
        {
            Matrix = _matrix.View,
            Bias = _bias.DevicePointer,
            State = State.DevicePointer,
            Tokens = tokens,
        };

        public void Launch(CudaKernel kernel, ref LinearArguments arguments)
        {
            Kernels.Linear.Launch(kernel, _stream, ref arguments);
            _stream.Synchronize();
        }

        public CudaDeviceVariable<T> Upload<T>(T[] values)
            where T : unmanaged
        {
            CudaDeviceVariable<T> variable = new(_context, values.Length);
            variable.CopyToDevice(values);
            return variable;
        }

        public CudaDeviceVariable<T> Poisoned<T>(int length)
            where T : unmanaged
        {
            CudaDeviceVariable<T> variable = new(_context, length);
            variable.FillAsync(0xFF, _stream);
            _stream.Synchronize();
            return variable;
        }

        public float[] Multiply(float[] activations, int tokens, float[]? bias)
        {
            float[] result = new float[tokens * _rows];
            Parallel.For(0, _rows, row =>
            {
                for (int t = 0; t < tokens; t++)
                {
                    double sum = bias?[row] ?? 0;
                    for (int k = 0; k < _columns; k++)
                    {
                        sum += (double)_weights[(row * _columns) + k] * activations[(t * _columns) + k];
                    }

                    result[(t * _rows) + row] = (float)sum;
                }
            });
            return result;
        }

        public void Dispose()
        {
            State.Dispose();
            _bias.Dispose();
            _matrix.Dispose();
            _stream.Dispose();
        }
    }
}
