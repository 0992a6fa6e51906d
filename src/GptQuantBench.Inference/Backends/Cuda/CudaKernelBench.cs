using GptQuantBench.Cuda;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>The CUDA backend's kernels for benchmarks: embedded PTX, or that of a folder as it is now.</summary>
internal sealed class CudaKernelBench(BackendOptions options) : IKernelBench
{
    /// <summary>The product of linear.cuh, without anything fused into it.</summary>
    public const string Own = "linear_product";

    /// <summary>The product of tiled.cuh.</summary>
    public const string Tiled = "tiled_product";

    /// <summary>cuBLAS, the FP16 baseline beside them.</summary>
    public const string CuBlas = "cublas";

    /// <inheritdoc />
    public double LargestError => 0.002; // activations and weights are rounded by 2^-11, sums by less: below 5e-4 on an H100

    /// <inheritdoc />
    public long? CacheBytes => CudaDevice.Get(options.Device).L2CacheSize is > 0 and var bytes ? bytes : null;

    /// <inheritdoc />
    public IReadOnlyList<string> MatrixKernelsOf(QuantizationFormat format)
    {
        ArgumentNullException.ThrowIfNull(format);
        return format.Bits == 16 && CudaBlas.TryLoad(out _) ? [Own, Tiled, CuBlas] : [Own, Tiled];
    }

    /// <inheritdoc />
    public string MatrixKernelFor(PackedLayout layout, int inputs) =>
        inputs == 1 || BatchProduct.IsForFewTokens(layout, inputs) ? Own : Tiled;

    /// <inheritdoc />
    public IMatrixBench CreateMatrix(string kernel, PackedLayout layout, int mostInputs, long rotationBytes)
    {
        if (!MatrixKernelsOf(layout.Format).Contains(kernel))
        {
            throw new ModelFormatException(
                $"The CUDA backend has no kernel {Quoted.Text(kernel)} for {layout.Format.Name} here; choose {string.Join(" or ", MatrixKernelsOf(layout.Format))}.");
        }

        CudaContext context = CudaRuntime.Context(options.Device);
        KernelSet kernels = CudaRuntime.Kernels(context, layout.Format, options.KernelDirectory);
        return new CudaMatrixBench(context, kernels, kernel, layout, mostInputs, rotationBytes, options.LaunchByLaunch);
    }

    /// <inheritdoc />
    public IDeviceProbe CreateReadProbe(long bytes)
    {
        CudaContext context = CudaRuntime.Context(options.Device);
        return new ReadProbe(context, CudaRuntime.KernelModules(context, options.KernelDirectory), bytes, options.LaunchByLaunch);
    }

    /// <inheritdoc />
    public bool HasArithmeticProbe => false;

    /// <inheritdoc />
    public IDeviceProbe CreateArithmeticProbe() => throw new NotSupportedException("The CUDA backend has no arithmetic probe.");
}
