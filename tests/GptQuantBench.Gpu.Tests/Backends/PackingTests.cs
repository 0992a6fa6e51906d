using GptQuantBench.Cuda;
using GptQuantBench.Inference.Backends.Cuda;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Gpu.Tests.Backends;

/// <summary>What the device packs is what the CPU packs, bit for bit.</summary>
public sealed class PackingTests
{
    private static readonly (int Rows, int Columns)[] _shapes = [(1, 1), (3, 31), (8, 32), (5, 33), (17, 100), (9, 129), (40, 768), (7, 1600)];

    public static TheoryData<string> Formats => TestModels.Formats;

    [Theory]
    [MemberData(nameof(Formats))]
    public void Codes_scales_and_minima_equal_the_cpu_packers(string name)
    {
        CudaContext context = Gpu.Require();
        QuantizationFormat format = QuantizationFormat.Parse(name);
        using CudaStream stream = new(context);
        KernelSet kernels = CudaRuntime.Kernels(context, format);
        CudaDeviceAllocator allocator = new(context);
        using CudaDeviceVariable<uint> fault = new(context, 1);
        fault.CopyToDevice([0u]);
        foreach ((int rows, int columns) in _shapes)
        {
            float[] values = Values(rows, columns);
            using PackedMatrix expected = PackedMatrix.Quantize(new MemoryLedger(), format, rows, columns, values, "values");
            using CudaDeviceVariable<float> device = new(context, values.Length);
            device.CopyToDevice(values);
            using DeviceMatrix matrix = new(allocator, new PackedLayout(format, rows, columns));
            kernels.Pack.Pack(stream, device.DevicePointer, matrix, fault.DevicePointer, 0, rows);
            stream.Synchronize();

            (byte[] codes, byte[] scales, byte[] minima) = matrix.Download();
            Assert.Equal(expected.Scales, scales);
            Assert.Equal(expected.Minima, minima);
            Assert.Equal(expected.Codes, codes);
        }

        Assert.Equal(0u, fault.ToArray()[0]);
    }

    [Theory]
    [InlineData(TensorType.Float32)]
    [InlineData(TensorType.Float16)]
    [InlineData(TensorType.BFloat16)]
    public unsafe void Every_stored_type_widens_exactly_and_transposes(TensorType type)
    {
        CudaContext context = Gpu.Require();
        using CudaStream stream = new(context);
        PackKernels kernels = CudaRuntime.Kernels(context, QuantizationFormat.Fp16).Pack;
        const int Inputs = 70, Outputs = 45;
        float[] values = Numbers.Normal(new Random(1), Inputs * Outputs);
        byte[] stored = new byte[values.Length * (type == TensorType.Float32 ? 4 : 2)];
        float[] exact = new float[values.Length];
        fixed (byte* bytes = stored)
        {
            for (int i = 0; i < values.Length; i++)
            {
                uint bits = BitConverter.SingleToUInt32Bits(values[i]);
                switch (type)
                {
                    case TensorType.Float32:
                        ((float*)bytes)[i] = exact[i] = values[i];
                        break;
                    case TensorType.Float16:
                        ((Half*)bytes)[i] = (Half)values[i];
                        exact[i] = (float)(Half)values[i];
                        break;
                    default:
                        ((ushort*)bytes)[i] = (ushort)(bits >> 16);
                        exact[i] = BitConverter.UInt32BitsToSingle(bits & 0xffff0000);
                        break;
                }
            }
        }

        using CudaDeviceVariable<byte> source = new(context, stored.Length);
        source.CopyToDevice(stored);
        using CudaDeviceVariable<float> output = new(context, values.Length);
        using CudaDeviceVariable<uint> fault = new(context, 1);
        fault.CopyToDevice([0u]);
        kernels.Widen(stream, source.DevicePointer, type, output.DevicePointer, fault.DevicePointer, values.Length);
        stream.Synchronize();
        Assert.Equal(exact, output.ToArray());

        kernels.WidenTransposed(stream, source.DevicePointer, type, output.DevicePointer, fault.DevicePointer, Inputs, Outputs);
        stream.Synchronize();
        float[] transposed = output.ToArray();
        for (int i = 0; i < values.Length; i++)
        {
            Assert.Equal(exact[i], transposed[(i % Outputs * Inputs) + (i / Outputs)]);
        }

        Assert.Equal(0u, fault.ToArray()[0]);
    }

    [Fact]
    public void A_whole_model_has_the_cpu_packers_bytes()
    {
        using OpenedModel model = TestModels.Synthetic("odd");
        using CudaLanguageModel cuda = TestModels.OnCuda(model, QuantizationFormat.FourBit);
        foreach (WeightSpec spec in model.Architecture.Weights(model.Configuration).Where(spec => !spec.IsVector))
        {
            float[] stored = new float[spec.Count];
            model.Weight(spec).ReadFloats(0, stored);
            float[] values = stored;
            if (spec.IsInputMajor)
            {
                values = new float[spec.Count];
                for (int i = 0; i < stored.Length; i++)
                {
                    values[(i % spec.OutputCount * spec.InputCount) + (i / spec.OutputCount)] = stored[i];
                }
            }

            QuantizationFormat format = QuantizationFormat.FourBit.Of(spec);
            using PackedMatrix expected = PackedMatrix.Quantize(new MemoryLedger(), format, spec.OutputCount, spec.InputCount, values, spec.Name);
            (byte[] codes, byte[] scales, _) = cuda.Weights.Matrix(spec.Name).Download();
            Assert.Equal(expected.Codes, codes);
            Assert.Equal(expected.Scales, scales);
        }
    }

    /// <summary>Normal values with a row of zeros, ties of magnitude with both signs, −0, and values that round half-way.</summary>
    private static float[] Values(int rows, int columns)
    {
        float[] values = Numbers.Normal(new Random((rows * 10_000) + columns), rows * columns, 0.02f);
        if (rows > 2)
        {
            values.AsSpan(columns, columns).Clear();
            values[columns] = -0f;
            Span<float> tied = values.AsSpan(2 * columns, columns);
            for (int i = 0; i < columns; i++)
            {
                tied[i] = (i % 3) switch { 0 => 0.5f, 1 => -0.5f, _ => 0.25f * (i % 5) / 2 };
            }
        }

        return values;
    }
}
