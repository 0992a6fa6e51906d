using GptQuantBench.Cuda;
using GptQuantBench.Inference.Backends.Cuda;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Gpu.Tests.Backends;

/// <summary>A packed random matrix with bias on host and device, and the products that a kernel should give.</summary>
internal sealed class PackedFixture : IDisposable
{
    private readonly CudaDeviceVariable<float> _bias;

    public PackedFixture(string format, int rows, int columns)
    {
        Context = Gpu.Require();
        Rows = rows;
        Columns = columns;
        QuantizationFormat parsed = QuantizationFormat.Parse(format);
        Kernels = CudaRuntime.Kernels(Context, parsed);
        Random = new(rows + columns);
        Stream = new(Context);
        Weights = Numbers.Normal(Random, rows * columns, 0.05f);
        using PackedMatrix packed = PackedMatrix.Quantize(new MemoryLedger(), parsed, rows, columns, Weights, "weights");
        using CudaDeviceVariable<float> values = Upload(Weights);
        using CudaDeviceVariable<uint> fault = new(Context, 1);
        Matrix = new(new CudaDeviceAllocator(Context), new PackedLayout(parsed, rows, columns));
        Kernels.Pack.Pack(Stream, values.DevicePointer, Matrix, fault.DevicePointer, 0, rows);
        Stream.Synchronize();
        packed.Dequantize(Weights);
        Bias = Numbers.Normal(Random, rows);
        _bias = Upload(Bias);
        State = Upload([default(DecodeState)]);
    }

    public CudaContext Context { get; }

    public CudaStream Stream { get; }

    public KernelSet Kernels { get; }

    public Random Random { get; }

    public int Rows { get; }

    public int Columns { get; }

    public DeviceMatrix Matrix { get; }

    /// <summary>What the packed matrix holds, [rows, columns].</summary>
    public float[] Weights { get; }

    public float[] Bias { get; }

    public CudaDeviceVariable<DecodeState> State { get; }

    public LinearArguments Arguments(int tokens) => new()
    {
        Matrix = Matrix.View,
        Bias = _bias.DevicePointer,
        State = State.DevicePointer,
        Tokens = tokens,
    };

    public void Launch(CudaKernel kernel, ref LinearArguments arguments)
    {
        Kernels.Linear.Launch(kernel, Stream, ref arguments);
        Stream.Synchronize();
    }

    public CudaDeviceVariable<T> Upload<T>(T[] values)
        where T : unmanaged => DeviceArrays.Upload(Context, values);

    public CudaDeviceVariable<T> Poisoned<T>(int length)
        where T : unmanaged => DeviceArrays.Poisoned<T>(Context, length);

    /// <summary>Activations as kernels take them: FP16, zero from the columns to the pitch.</summary>
    public CudaDeviceVariable<Half> UploadHalves(float[] activations, int tokens)
    {
        int pitch = Kernels.Linear.ActivationPitch(Columns);
        Half[] padded = new Half[tokens * pitch];
        for (int t = 0; t < tokens; t++)
        {
            Numbers.Halves(activations.AsSpan(t * Columns, Columns)).CopyTo(padded, t * pitch);
        }

        return Upload(padded);
    }

    /// <summary>[tokens, rows] in float64, of [tokens, columns].</summary>
    public float[] Multiply(float[] activations, int tokens, float[]? bias)
    {
        float[] result = new float[tokens * Rows];
        Parallel.For(0, Rows, row =>
        {
            for (int t = 0; t < tokens; t++)
            {
                double sum = bias?[row] ?? 0;
                for (int k = 0; k < Columns; k++)
                {
                    sum += (double)Weights[(row * Columns) + k] * activations[(t * Columns) + k];
                }

                result[(t * Rows) + row] = (float)sum;
            }
        });
        return result;
    }

    public void Dispose()
    {
        State.Dispose();
        _bias.Dispose();
        Matrix.Dispose();
        Stream.Dispose();
    }
}
