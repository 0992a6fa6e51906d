using GptQuantBench.Cuda;
using GptQuantBench.Inference.Backends.Cuda;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Gpu.Tests.Backends;

/// <summary>Attention against float64, every slot past the last position poisoned with NaN.</summary>
public sealed class AttentionKernelTests
{
    private const double Tolerance = 1e-3;

    [Theory]
    [InlineData(1, 1, 64, 0, 1)]
    [InlineData(3, 5, 64, 17, 1)]
    [InlineData(12, 64, 128, 4, 1)]
    [InlineData(12, 64, 1024, 1023, 1)]
    [InlineData(25, 64, 1024, 700, 1)]
    [InlineData(2, 13, 200, 0, 16)]
    [InlineData(5, 20, 300, 250, 7)]
    [InlineData(3, 80, 256, 127, 2)]
    [InlineData(3, 128, 384, 255, 5)]
    [InlineData(2, 256, 192, 100, 3)]
    [InlineData(4, 65, 300, 129, 33)]
    public void Both_kernels_match(int heads, int headSize, int capacity, int position, int tokens)
    {
        CudaContext context = Gpu.Require();
        using CudaStream stream = new(context);
        AttentionKernels kernels = CudaRuntime.Kernels(context, QuantizationFormat.Fp16).Attention;
        int headPitch = AttentionKernels.HeadPitch(headSize), width = heads * headSize, ranges = (capacity + 127) / 128;
        Random random = new(heads + headSize + position);
        float[] queries = Numbers.Normal(random, tokens * width);
        Half[] keys = Cache(random, heads, headSize, headPitch, capacity, position + tokens);
        Half[] values = Cache(random, heads, headSize, headPitch, capacity, position + tokens);
        float[] expected = Attend(queries, keys, values, heads, headSize, headPitch, capacity, position, tokens);

        using CudaDeviceVariable<float> deviceQueries = Upload(context, queries);
        using CudaDeviceVariable<Half> deviceKeys = Upload(context, keys);
        using CudaDeviceVariable<Half> deviceValues = Upload(context, values);
        using CudaDeviceVariable<DecodeState> state = Upload(context, [new DecodeState { Position = position }]);
        using CudaDeviceVariable<float> partial = new(context, tokens * width * ranges);
        using CudaDeviceVariable<float> weights = new(context, 2 * tokens * heads * ranges);
        using CudaDeviceVariable<Half> output = new(context, tokens * (width + 8));
        partial.FillAsync(0xFF, stream);
        weights.FillAsync(0xFF, stream);
        output.FillAsync(0xFF, stream);
        AttentionArguments arguments = new()
        {
            Queries = deviceQueries.DevicePointer,
            Keys = deviceKeys.DevicePointer,
            Values = deviceValues.DevicePointer,
            Partial = partial.DevicePointer,
            Weights = weights.DevicePointer,
            Output = output.DevicePointer,
            State = state.DevicePointer,
            Heads = heads,
            HeadSize = headSize,
            HeadPitch = headPitch,
            Capacity = capacity,
            Ranges = ranges,
            RangeSize = 128,
            OutputPitch = width + 8,
        };
        kernels.LaunchPartial(stream, ref arguments, tokens);
        kernels.LaunchWhole(stream, ref arguments, tokens);
        stream.Synchronize();

        Half[] whole = output.ToArray();
        float[] actual = new float[expected.Length];
        for (int i = 0; i < actual.Length; i++)
        {
            actual[i] = (float)whole[(i / width * (width + 8)) + (i % width)];
        }

        Numbers.AssertClose(actual, expected, Tolerance, "whole");
        Numbers.AssertClose(
            Combine(partial.ToArray(), weights.ToArray(), heads, headSize, ranges, position, tokens), expected, Tolerance, "partial");
    }

    private static CudaDeviceVariable<T> Upload<T>(CudaContext context, T[] values)
        where T : unmanaged
    {
        CudaDeviceVariable<T> variable = new(context, values.Length);
        variable.CopyToDevice(values);
        return variable;
    }

    private static Half[] Cache(Random random, int heads, int headSize, int headPitch, int capacity, int used)
    {
        Half[] cache = [.. Enumerable.Repeat(Half.NaN, heads * capacity * headPitch)];
        for (int head = 0; head < heads; head++)
        {
            for (int j = 0; j < used; j++)
            {
                Span<Half> slot = cache.AsSpan(((head * capacity) + j) * headPitch, headPitch);
                slot.Clear();
                Numbers.Halves(Numbers.Normal(random, headSize)).CopyTo(slot);
            }
        }

        return cache;
    }

    private static float[] Attend(
        float[] queries, Half[] keys, Half[] values, int heads, int headSize, int headPitch, int capacity, int position, int tokens)
    {
        float[] result = new float[queries.Length];
        for (int t = 0; t < tokens; t++)
        {
            for (int head = 0; head < heads; head++)
            {
                int query = ((t * heads) + head) * headSize;
                double[] scores = new double[position + t + 1];
                for (int j = 0; j < scores.Length; j++)
                {
                    for (int d = 0; d < headSize; d++)
                    {
                        scores[j] += (double)queries[query + d] * (double)keys[(((head * capacity) + j) * headPitch) + d];
                    }
                }

                double top = scores.Max(), sum = scores.Sum(score => Math.Exp(score - top));
                for (int d = 0; d < headSize; d++)
                {
                    double value = 0;
                    for (int j = 0; j < scores.Length; j++)
                    {
                        value += Math.Exp(scores[j] - top) / sum * (double)values[(((head * capacity) + j) * headPitch) + d];
                    }

                    result[query + d] = (float)value;
                }
            }
        }

        return result;
    }

    private static float[] Combine(float[] partial, float[] weights, int heads, int headSize, int ranges, int position, int tokens)
    {
        float[] result = new float[tokens * heads * headSize];
        for (int row = 0; row < tokens * heads; row++)
        {
            int used = ((position + (row / heads)) / 128) + 1;
            double top = Enumerable.Range(0, used).Max(s => weights[2 * ((row * ranges) + s)]), sum = 0;
            for (int s = 0; s < used; s++)
            {
                int index = (row * ranges) + s;
                double factor = Math.Exp(weights[2 * index] - top);
                sum += factor * weights[(2 * index) + 1];
                for (int d = 0; d < headSize; d++)
                {
                    result[(row * headSize) + d] += (float)(factor * partial[(index * headSize) + d]);
                }
            }

            for (int d = 0; d < headSize; d++)
            {
                result[(row * headSize) + d] /= (float)sum;
            }
        }

        return result;
    }
}
