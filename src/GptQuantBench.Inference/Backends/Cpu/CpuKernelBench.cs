using GptQuantBench.Inference.Backends.Cpu.Kernels;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>The CPU backend's kernels for benchmarks.</summary>
/// <param name="chosen">The implementation that runs models: the fastest here, or the forced one.</param>
/// <param name="isForced">Whether the user named it; then there is no other.</param>
/// <param name="decode">The decode path by name, or <c>auto</c>.</param>
internal sealed class CpuKernelBench(CpuKernel chosen, bool isForced, string decode) : IKernelBench
{
    /// <inheritdoc />
    public double LargestError => 0.02; // activations of 8 bits cost 0.007

    /// <inheritdoc />
    public long? CacheBytes => CpuCache.LastLevelBytes();

    /// <inheritdoc />
    public IReadOnlyList<string> MatrixKernelsOf(QuantizationFormat format) =>
        [.. Kernels(format).Select(kernel => CpuDecodePath.Name(kernel.Kernel, kernel.Products))];

    /// <inheritdoc />
    public string MatrixKernelFor(PackedLayout layout, int inputs) => MatrixKernelsOf(layout.Format)[0];

    /// <inheritdoc />
    public IMatrixBench CreateMatrix(string kernel, PackedLayout layout, int mostInputs, long rotationBytes)
    {
        foreach ((CpuKernel candidate, Products products) in Kernels(layout.Format))
        {
            if (CpuDecodePath.Name(candidate, products) == kernel)
            {
                return new CpuMatrixBench(candidate, products, layout, mostInputs, rotationBytes);
            }
        }

        throw new ModelFormatException(
            $"The CPU backend has no kernel {Quoted.Text(kernel)} for {layout.Format.Name} here; choose {string.Join(" or ", MatrixKernelsOf(layout.Format))}.");
    }

    /// <inheritdoc />
    public IDeviceProbe CreateReadProbe(long bytes) => new ReadBandwidthProbe(bytes);

    /// <inheritdoc />
    public bool HasArithmeticProbe => true;

    /// <inheritdoc />
    public IDeviceProbe CreateArithmeticProbe() => MultiplyAddProbe.Fastest();

    /// <summary>What this machine runs a format with; the portable kernels only where there are no others, because they are its fallback.</summary>
    private IEnumerable<(CpuKernel Kernel, Products Products)> Kernels(QuantizationFormat format)
    {
        IEnumerable<CpuKernel> kernels = isForced
            ? [chosen]
            : CpuKernels.All.Where(kernel => kernel == chosen || (kernel.IsSupported && kernel is not PortableKernel));
        return
            from kernel in kernels
            from products in (Products[])[Products.Float, Products.Integer]
            where products == Products.Float || format.Bits < 16
            where decode == "auto" || CpuDecodePath.Name(kernel, products).EndsWith(decode, StringComparison.Ordinal)
            orderby kernel != chosen, products != CpuDecodePath.Default(format)
            select (kernel, products);
    }
}
