using GptQuantBench.Cuda;
using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Backends.Cuda;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Gpu.Tests.Backends;

/// <summary>What the kernel benchmarks time is the product, and their clock runs.</summary>
public sealed class KernelBenchTests
{
    public static TheoryData<string> Formats => TestModels.Formats;

    [Theory]
    [MemberData(nameof(Formats))]
    public void Every_kernel_gives_the_products_that_it_is_timed_for(string name)
    {
        CudaContext context = Gpu.Require();
        IKernelBench bench = new CudaBackend().KernelBench(new BackendOptions());
        PackedLayout layout = new(QuantizationFormat.Parse(name), rows: 1000, columns: 768);
        foreach (string kernel in bench.MatrixKernelsOf(layout.Format))
        {
            using IMatrixBench matrix = bench.CreateMatrix(kernel, layout, mostInputs: 33, rotationBytes: 10 * layout.TotalBytes);
            Assert.Equal(10, matrix.Copies);
            foreach (int inputs in (int[])[1, 16, 33])
            {
                Assert.InRange(matrix.RelativeError(inputs), 0, 1e-3);
                foreach (bool rotates in (bool[])[true, false])
                {
                    MatrixRun run = matrix.Run(inputs, products: 100, rotates);
                    Assert.Equal(140, run.Products);

                    // Not even the fastest memory reads these matrices faster from its cache.
                    Assert.InRange(run.DeviceSeconds!.Value / run.Products, layout.TotalBytes / 1e14, 0.01);
                }
            }
        }

        Assert.True(bench.CacheBytes > 1 << 20, $"{context.Device.Name}: {bench.CacheBytes}");
    }
}
