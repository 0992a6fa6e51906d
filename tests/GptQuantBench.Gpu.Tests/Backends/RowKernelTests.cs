using GptQuantBench.Cuda;
using GptQuantBench.Inference.Backends.Cuda;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Gpu.Tests.Backends;

/// <summary>The operations between matrix products against float64, every output poisoned before.</summary>
public sealed class RowKernelTests
{
    // FP16 results of FP32 arithmetic; where both are FP32, FP32's own rounding.
    private const double HalfTolerance = 1e-3;
    private const double FloatTolerance = 1e-6;
    private const float Epsilon = 1e-5f;

    public static TheoryData<int, int> Shapes => new() { { 1, 1 }, { 2, 5 }, { 17, 33 }, { 3, 768 }, { 1, 1600 }, { 513, 100 }, { 2, 6400 } };

    private static RowKernels Kernels => CudaRuntime.Kernels(Gpu.Require(), QuantizationFormat.Fp16).Rows;

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Norm_matches(int tokens, int columns)
    {
        using CudaStream stream = new(Gpu.Require());
        int pitch = columns + 9;
        Random random = new(columns);

        // A mean far from zero, which must not eat the variance.
        float[] x = [.. Numbers.Normal(random, tokens * columns, 3f).Select(value => value + 50)];
        float[] gain = Numbers.Normal(random, columns), shift = Numbers.Normal(random, columns);
        float[] expected = new float[tokens * pitch];
        for (int t = 0; t < tokens; t++)
        {
            double mean = x.AsSpan(t * columns, columns).ToArray().Average(value => (double)value);
            double variance = x.AsSpan(t * columns, columns).ToArray().Average(value => (value - mean) * (value - mean));
            for (int i = 0; i < columns; i++)
            {
                expected[(t * pitch) + i] = (float)(((x[(t * columns) + i] - mean) / Math.Sqrt(variance + Epsilon) * gain[i]) + shift[i]);
            }
        }

        using CudaDeviceVariable<float> deviceX = Upload(x), deviceGain = Upload(gain), deviceShift = Upload(shift);
        using CudaDeviceVariable<Half> output = DeviceArrays.Poisoned<Half>(Gpu.Require(), tokens * pitch);
        Kernels.Norm(
            stream, tokens, deviceX.DevicePointer, deviceGain.DevicePointer, deviceShift.DevicePointer, output.DevicePointer, columns, pitch, Epsilon);
        stream.Synchronize();
        AssertHalves(output, expected, columns, pitch);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Residual_and_gelu_match(int tokens, int columns)
    {
        using CudaStream stream = new(Gpu.Require());
        int pitch = columns + 9;
        Random random = new(columns);
        float[] product = Numbers.Normal(random, tokens * columns, 3f), x = Numbers.Normal(random, tokens * columns);
        float[] bias = Numbers.Normal(random, columns);
        float[] sum = new float[x.Length], gelu = new float[tokens * pitch];
        for (int i = 0; i < x.Length; i++)
        {
            double y = (double)product[i] + bias[i % columns];
            sum[i] = (float)(x[i] + y);
            gelu[(i / columns * pitch) + (i % columns)] = (float)(0.5 * y * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (y + (0.044715 * y * y * y)))));
        }

        using CudaDeviceVariable<float> deviceProduct = Upload(product), deviceBias = Upload(bias), deviceX = Upload(x);
        using CudaDeviceVariable<Half> output = DeviceArrays.Poisoned<Half>(Gpu.Require(), tokens * pitch);
        Kernels.AddResidual(stream, tokens, deviceProduct.DevicePointer, deviceBias.DevicePointer, deviceX.DevicePointer, columns);
        Kernels.Gelu(stream, tokens, deviceProduct.DevicePointer, deviceBias.DevicePointer, output.DevicePointer, columns, pitch);
        stream.Synchronize();
        Numbers.AssertClose(deviceX.ToArray(), sum, FloatTolerance, "residual");
        AssertHalves(output, gelu, columns, pitch);
    }

    [Theory]
    [InlineData(1, 1, 4, 0)]
    [InlineData(3, 3, 13, 7)]
    [InlineData(17, 12, 64, 20)]
    [InlineData(2, 5, 100, 1)]
    public void Heads_are_split(int tokens, int heads, int headSize, int position)
    {
        CudaContext context = Gpu.Require();
        using CudaStream stream = new(context);
        const int Capacity = 40;
        int width = heads * headSize, headPitch = AttentionKernels.HeadPitch(headSize);
        Random random = new(width);
        float[] product = Numbers.Normal(random, tokens * 3 * width), bias = Numbers.Normal(random, 3 * width);
        using CudaDeviceVariable<float> deviceProduct = Upload(product), deviceBias = Upload(bias);
        using CudaDeviceVariable<float> queries = DeviceArrays.Poisoned<float>(context, tokens * width);
        using CudaDeviceVariable<Half> keys = DeviceArrays.Poisoned<Half>(context, heads * Capacity * headPitch);
        using CudaDeviceVariable<Half> values = DeviceArrays.Poisoned<Half>(context, heads * Capacity * headPitch);
        using CudaDeviceVariable<DecodeState> state = DeviceArrays.Upload(context, [new DecodeState { Position = position }]);
        Kernels.SplitHeads(stream, tokens, new(
            deviceProduct.DevicePointer,
            deviceBias.DevicePointer,
            queries.DevicePointer,
            keys.DevicePointer,
            values.DevicePointer,
            state.DevicePointer,
            heads,
            headSize,
            headPitch,
            Capacity,
            QueryScale: 0.5f));
        stream.Synchronize();

        float[] queriesOut = queries.ToArray();
        Half[] keysOut = keys.ToArray(), valuesOut = values.ToArray();
        for (int i = 0; i < product.Length; i++)
        {
            int t = i / (3 * width), column = i % width, part = i % (3 * width) / width;
            int slot = (((column / headSize * Capacity) + position + t) * headPitch) + (column % headSize);
            float y = product[i] + bias[i % (3 * width)];
            Assert.Equal(
                part == 0 ? 0.5f * y : (float)(Half)y,
                part == 0 ? queriesOut[(t * width) + column] : (float)(part == 1 ? keysOut : valuesOut)[slot]);
        }

        Assert.Equal(heads * tokens * headPitch, keysOut.Count(key => !Half.IsNaN(key)));
        Assert.Equal(heads * tokens * headPitch, valuesOut.Count(value => !Half.IsNaN(value)));
    }

    [Fact]
    public void The_state_is_set()
    {
        CudaContext context = Gpu.Require();
        using CudaStream stream = new(context);
        using CudaDeviceVariable<DecodeState> state = DeviceArrays.Poisoned<DecodeState>(context, 1);
        Kernels.SetState(stream, state.DevicePointer, position: 7, step: 3);
        stream.Synchronize();
        DecodeState set = state.ToArray()[0];
        Assert.Equal((0ul, 7, 3), (set.Best, set.Position, set.Step));
    }

    private static CudaDeviceVariable<float> Upload(float[] values) => DeviceArrays.Upload(Gpu.Require(), values);

    /// <summary>Compares rows of halves, and wants exact zeros beyond the columns.</summary>
    private static void AssertHalves(CudaDeviceVariable<Half> output, float[] expected, int columns, int pitch)
    {
        float[] actual = [.. output.ToArray().Select(value => (float)value)];
        Numbers.AssertClose(actual, expected, HalfTolerance, $"{columns} columns");
        Assert.All(actual.Where((_, i) => i % pitch >= columns), value => Assert.Equal(0f, value));
    }
}
