using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends;

/// <summary>What a backend offers to benchmarks of its single kernels.</summary>
public interface IKernelBench
{
    /// <summary>Bytes of the largest cache between the kernels and the memory; null where the system does not tell.</summary>
    long? CacheBytes { get; }

    /// <summary>Name of the matrix-product kernels that run a format here; the one that <c>auto</c> takes is first.</summary>
    IReadOnlyList<string> MatrixKernelsOf(QuantizationFormat format);

    /// <summary>
    /// The own kernel that multiplies a matrix of this shape with so many vectors; where the backend leaves it to a library, the one that it
    /// takes where the library is missing.
    /// </summary>
    string MatrixKernelFor(PackedLayout layout, int inputs);

    /// <summary>The largest error (<see cref="IMatrixBench.RelativeError"/>) that rounding explains; a product beyond it is wrong.</summary>
    double LargestError { get; }

    /// <summary>Matrices of one shape and format with random values, and the kernel that multiplies them; memory is taken here.</summary>
    /// <param name="kernel">A name that <see cref="MatrixKernelsOf"/> gives for the format.</param>
    /// <param name="layout">Format and shape.</param>
    /// <param name="mostInputs">Input vectors that a product is asked for at most.</param>
    /// <param name="rotationBytes">
    /// Bytes that products which rotate read before they come back to the same matrix; as many copies are held as that takes.
    /// </param>
    IMatrixBench CreateMatrix(string kernel, PackedLayout layout, int mostInputs, long rotationBytes);

    /// <summary>Reads memory with all that the device has.</summary>
    /// <param name="bytes">Bytes of a pass; raised to a size that small caches do not hold.</param>
    IDeviceProbe CreateReadProbe(long bytes);

    /// <summary>Whether there is a loop that multiplies and adds in registers.</summary>
    bool HasArithmeticProbe { get; }

    /// <summary>Multiplies and adds in registers with all that the device has, FP32.</summary>
    /// <exception cref="NotSupportedException">There is no such loop (<see cref="HasArithmeticProbe"/>).</exception>
    IDeviceProbe CreateArithmeticProbe();
}
