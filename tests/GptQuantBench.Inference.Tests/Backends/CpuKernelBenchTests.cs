using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Backends.Cpu;
using GptQuantBench.Inference.Backends.Cpu.Kernels;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Tests.Backends;

public sealed class CpuKernelBenchTests
{
    public static TheoryData<string> Formats => [.. QuantizationFormat.All.Select(format => format.Name)];

    [Theory]
    [MemberData(nameof(Formats))]
    public void Every_kernel_gives_the_products_that_it_is_timed_for(string name)
    {
        IKernelBench bench = new CpuBackend().KernelBench(new BackendOptions());
        PackedLayout layout = new(QuantizationFormat.Parse(name), rows: 101, columns: 203);
        Assert.NotEmpty(bench.MatrixKernelsOf(layout.Format));
        foreach (string kernel in bench.MatrixKernelsOf(layout.Format))
        {
            using IMatrixBench matrix = bench.CreateMatrix(kernel, layout, mostInputs: 5, rotationBytes: 10 * layout.TotalBytes - 1);
            Assert.Equal(10, matrix.Copies);
            Assert.Equal(layout.TotalBytes, matrix.BytesPerProduct);
            Assert.Equal(new MatrixRun(13, null), matrix.Run(1, 13, rotates: true));
            double tolerance = Tolerances.IntegerProducts(layout.Format.Bits);
            Assert.InRange(matrix.RelativeError(1), 0, tolerance);
            Assert.InRange(matrix.RelativeError(5), 0, tolerance);
        }
    }

    [Fact]
    public void A_wrong_product_has_an_error_of_its_size()
    {
        using WorkerPool pool = new(2);
        PackedLayout layout = new(QuantizationFormat.Fp16, rows: 300, columns: 64);
        using PackedMatrix matrix = SyntheticMatrix.Pack(layout, new(), pool);
        float[] input = new float[64];
        SyntheticMatrix.FillInput(0, input);
        float[] row = new float[64];
        double Output(int at, float factor)
        {
            matrix.GetRow(at, row);
            return row.Zip(input, (w, x) => (double)w * x).Sum() * factor;
        }

        Assert.InRange(SyntheticMatrix.RelativeError(matrix, 1, _ => input, (_, at) => (float)Output(at, 1)), 0, 1e-6);
        Assert.Equal(0.01, SyntheticMatrix.RelativeError(matrix, 1, _ => input, (_, at) => (float)Output(at, 1.01f)), 1e-5);
        Assert.Equal(1, SyntheticMatrix.RelativeError(matrix, 1, _ => input, (_, _) => 0), 1e-6);
    }

    [Fact]
    public void The_kernel_that_auto_takes_is_first()
    {
        IKernelBench bench = new CpuBackend().KernelBench(new BackendOptions());
        foreach (QuantizationFormat format in (QuantizationFormat[])[QuantizationFormat.Fp16, QuantizationFormat.EightBit, QuantizationFormat.FourBit])
        {
            Assert.Equal(CpuDecodePath.Name(CpuKernels.Default, CpuDecodePath.Default(format)), bench.MatrixKernelsOf(format)[0]);
        }

        Assert.All(bench.MatrixKernelsOf(QuantizationFormat.Fp16), name => Assert.EndsWith("-float", name, StringComparison.Ordinal));
        Assert.All(
            new CpuBackend().KernelBench(new BackendOptions(Decode: "integer")).MatrixKernelsOf(QuantizationFormat.FourBit),
            name => Assert.EndsWith("-integer", name, StringComparison.Ordinal));
        ModelFormatException exception = Assert.Throws<ModelFormatException>(
            () => bench.CreateMatrix("mma", new PackedLayout(QuantizationFormat.Fp16, 8, 8), 1, 1));
        Assert.Contains("'mma'", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_core_multiplies_and_adds_between_a_hundred_million_and_a_trillion_times_a_second(bool isWide)
    {
        using MultiplyAddProbe probe = new(isWide);
        Assert.Null(probe.Pass());
        double rate = ProbeRate.Median(probe, 1, pass => pass.OperationsPerPass) / Environment.ProcessorCount;
        Assert.InRange(rate, 1e8, 1e12);
    }

    [Theory]
    [InlineData("32768K\n", 32L << 20)]
    [InlineData("8M", 8L << 20)]
    [InlineData("512", 512L)]
    [InlineData("", null)]
    [InlineData("a lot", null)]
    public void A_cache_size_is_read_as_Linux_writes_it(string text, long? bytes) => Assert.Equal(bytes, CpuCache.Parse(text));
}
