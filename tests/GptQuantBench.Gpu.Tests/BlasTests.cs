using GptQuantBench.Cuda;

namespace GptQuantBench.Gpu.Tests;

public sealed class BlasTests
{
    [Fact]
    public void The_version_is_known()
    {
        CudaContext context = Gpu.Require();
        using CudaBlas blas = Gpu.RequireBlas(context);

        TestContext.Current.SendDiagnosticMessage($"cuBLAS {CudaBlas.Version} from {CudaBlas.LoadedLibrary}");
        Assert.InRange(CudaBlas.Version.Major, 11, 13);
        Assert.Contains($"{CudaBlas.Version.Major}", CudaBlas.LoadedLibrary, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 768, 768, CudaDataType.Float32)]
    [InlineData(5, 33, 65, CudaDataType.Float16)]
    [InlineData(64, 96, 128, CudaDataType.Float16)]
    public void A_product_equals_the_hosts(int rows, int columns, int inner, CudaDataType outputType)
    {
        CudaContext context = Gpu.Require();
        using CudaStream stream = new(context);
        using CudaBlas blas = Gpu.RequireBlas(context);
        blas.SetStream(stream);

        // Odd leading dimensions of FP16 are allowed; small whole numbers make every sum exact.
        Half[] a = Numbers(rows * inner, 1);
        Half[] b = Numbers(inner * columns, 2);
        float[] expected = Multiply(a, b, rows, columns, inner);
        using CudaDeviceVariable<Half> deviceA = Upload(context, a);
        using CudaDeviceVariable<Half> deviceB = Upload(context, b);
        using CudaDeviceVariable<byte> deviceC = new(context, (long)rows * columns * sizeof(float));

        // Row-major C = A·B as column-major Cᵀ = Bᵀ·Aᵀ.
        blas.Gemm(
            CuBlasOperation.None,
            CuBlasOperation.None,
            columns,
            rows,
            inner,
            1f,
            new CudaMatrix(deviceB.DevicePointer, CudaDataType.Float16, columns),
            new CudaMatrix(deviceA.DevicePointer, CudaDataType.Float16, inner),
            0f,
            new CudaMatrix(deviceC.DevicePointer, outputType, columns));
        stream.Synchronize();

        Assert.Equal(expected, Download(deviceC.DevicePointer, rows * columns, outputType));
    }

    [Fact]
    public void A_transposed_matrix_is_added_to_what_is_there()
    {
        CudaContext context = Gpu.Require();
        using CudaStream stream = new(context);
        using CudaBlas blas = Gpu.RequireBlas(context);
        blas.SetStream(stream);
        const int Rows = 8, Columns = 16, Inner = 32;
        Half[] a = Numbers(Rows * Inner, 3);
        Half[] b = Numbers(Inner * Columns, 4);
        Half[] transposed = new Half[b.Length];
        for (int k = 0; k < Inner; k++)
        {
            for (int n = 0; n < Columns; n++)
            {
                transposed[(n * Inner) + k] = b[(k * Columns) + n];
            }
        }

        float[] product = Multiply(a, b, Rows, Columns, Inner);
        using CudaDeviceVariable<Half> deviceA = Upload(context, a);
        using CudaDeviceVariable<Half> deviceB = Upload(context, transposed);
        using CudaDeviceVariable<float> deviceC = new(context, Rows * Columns);
        deviceC.CopyToDevice([.. Enumerable.Repeat(10f, Rows * Columns)]);

        blas.Gemm(
            CuBlasOperation.Transpose,
            CuBlasOperation.None,
            Columns,
            Rows,
            Inner,
            2f,
            new CudaMatrix(deviceB.DevicePointer, CudaDataType.Float16, Inner),
            new CudaMatrix(deviceA.DevicePointer, CudaDataType.Float16, Inner),
            1f,
            new CudaMatrix(deviceC.DevicePointer, CudaDataType.Float32, Columns));
        stream.Synchronize();

        Assert.Equal(Array.ConvertAll(product, value => (2 * value) + 10), deviceC.ToArray());
    }

    [Fact]
    public void A_batch_of_products_equals_the_hosts()
    {
        CudaContext context = Gpu.Require();
        using CudaStream stream = new(context);
        using CudaBlas blas = Gpu.RequireBlas(context);
        blas.SetStream(stream);
        const int Batch = 12, Rows = 7, Columns = 64, Inner = 24;
        Half[] a = Numbers(Batch * Rows * Inner, 5);
        Half[] b = Numbers(Batch * Inner * Columns, 6);
        float[] expected = [.. Enumerable.Range(0, Batch).SelectMany(i => Multiply(
            a.AsSpan(i * Rows * Inner, Rows * Inner), b.AsSpan(i * Inner * Columns, Inner * Columns), Rows, Columns, Inner))];
        using CudaDeviceVariable<Half> deviceA = Upload(context, a);
        using CudaDeviceVariable<Half> deviceB = Upload(context, b);
        using CudaDeviceVariable<float> deviceC = new(context, Batch * Rows * Columns);

        blas.GemmStridedBatched(
            CuBlasOperation.None,
            CuBlasOperation.None,
            Columns,
            Rows,
            Inner,
            1f,
            new CudaMatrix(deviceB.DevicePointer, CudaDataType.Float16, Columns),
            Inner * Columns,
            new CudaMatrix(deviceA.DevicePointer, CudaDataType.Float16, Inner),
            Rows * Inner,
            0f,
            new CudaMatrix(deviceC.DevicePointer, CudaDataType.Float32, Columns),
            Rows * Columns,
            Batch);
        stream.Synchronize();

        Assert.Equal(expected, deviceC.ToArray());
    }

    [Fact]
    public void Products_with_an_own_workspace_go_into_a_graph()
    {
        CudaContext context = Gpu.Require();
        using CudaStream stream = new(context);
        using CudaBlas blas = Gpu.RequireBlas(context);
        using CudaDeviceVariable<byte> workspace = new(context, 32 << 20);
        blas.SetStream(stream);
        blas.SetWorkspace(workspace.DevicePointer, workspace.SizeInBytes);
        const int Size = 64;
        Half[] a = Numbers(Size * Size, 7);
        using CudaDeviceVariable<Half> deviceA = Upload(context, a);
        using CudaDeviceVariable<float> deviceC = new(context, Size * Size);
        CudaMatrix matrix = new(deviceA.DevicePointer, CudaDataType.Float16, Size);
        CudaMatrix result = new(deviceC.DevicePointer, CudaDataType.Float32, Size);
        deviceC.FillAsync(0, stream);
        stream.Synchronize();

        stream.BeginCapture();
        blas.Gemm(CuBlasOperation.None, CuBlasOperation.None, Size, Size, Size, 1f, matrix, matrix, 0f, result);
        using CudaGraph graph = stream.EndCapture();
        Assert.InRange(graph.NodeCount, 1, 10);
        using CudaGraphExec exec = graph.Instantiate();
        exec.Launch(stream);
        stream.Synchronize();

        Assert.Equal(Multiply(a, a, Size, Size, Size), deviceC.ToArray());
    }

    [Fact]
    public void The_math_mode_is_kept()
    {
        CudaContext context = Gpu.Require();
        using CudaBlas blas = Gpu.RequireBlas(context);
        Assert.Equal(CuBlasMathMode.Default, blas.MathMode);

        blas.MathMode = CuBlasMathMode.DisallowReducedPrecisionReduction;

        Assert.Equal(CuBlasMathMode.DisallowReducedPrecisionReduction, blas.MathMode);
    }

    [Fact]
    public void An_impossible_product_names_the_call_and_the_sizes()
    {
        CudaContext context = Gpu.Require();
        using CudaBlas blas = Gpu.RequireBlas(context);
        CudaMatrix none = new(CudaDevicePointer.Null, CudaDataType.Float16, 1);

        CuBlasException error = Assert.Throws<CuBlasException>(() =>
            blas.Gemm(CuBlasOperation.None, CuBlasOperation.None, 8, 8, 8, 1f, none, none, 0f, none));

        Assert.Equal(CuBlasStatus.InvalidValue, error.Status);
        Assert.StartsWith("cublasGemmEx failed with CUBLAS_STATUS_INVALID_VALUE (", error.Message, StringComparison.Ordinal);
        Assert.Contains("for m 8, n 8, k 8", error.Message, StringComparison.Ordinal);
    }

    private static Half[] Numbers(int count, int seed)
    {
        Random random = new(seed);
        Half[] numbers = new Half[count];
        for (int i = 0; i < count; i++)
        {
            numbers[i] = (Half)random.Next(-2, 3);
        }

        return numbers;
    }

    private static float[] Multiply(ReadOnlySpan<Half> a, ReadOnlySpan<Half> b, int rows, int columns, int inner)
    {
        float[] c = new float[rows * columns];
        for (int m = 0; m < rows; m++)
        {
            for (int n = 0; n < columns; n++)
            {
                double sum = 0;
                for (int k = 0; k < inner; k++)
                {
                    sum += (double)a[(m * inner) + k] * (double)b[(k * columns) + n];
                }

                c[(m * columns) + n] = (float)sum;
            }
        }

        return c;
    }

    private static CudaDeviceVariable<Half> Upload(CudaContext context, Half[] values)
    {
        CudaDeviceVariable<Half> memory = new(context, values.Length);
        memory.CopyToDevice(values);
        return memory;
    }

    private static float[] Download(CudaDevicePointer pointer, int count, CudaDataType type)
    {
        if (type == CudaDataType.Float32)
        {
            float[] values = new float[count];
            CudaMemory.CopyToHost<float>(values, pointer);
            return values;
        }

        Half[] halves = new Half[count];
        CudaMemory.CopyToHost<Half>(halves, pointer);
        return Array.ConvertAll(halves, value => (float)value);
    }
}
