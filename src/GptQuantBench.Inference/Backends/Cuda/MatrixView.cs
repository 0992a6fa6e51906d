using GptQuantBench.Cuda;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>A packed matrix as kernels see it; <c>Matrix</c> of formats.cuh, field for field.</summary>
internal readonly struct MatrixView
{
    /// <summary>[rows, <see cref="Pitch"/>] bytes.</summary>
    public required CudaDevicePointer Codes { get; init; }

    /// <summary>FP32 [rows] or FP16 [rows, groups]; null for FP16 weights.</summary>
    public required CudaDevicePointer Scales { get; init; }

    /// <summary>FP16 [rows, groups] in asymmetric formats, else null.</summary>
    public required CudaDevicePointer Minima { get; init; }

    /// <summary>Outputs.</summary>
    public required int Rows { get; init; }

    /// <summary>Inputs.</summary>
    public required int Columns { get; init; }

    /// <summary>Bytes from a row to the next.</summary>
    public required int Pitch { get; init; }

    /// <summary>Scales in a row.</summary>
    public required int Groups { get; init; }

    /// <summary>log2 of the columns that share a scale.</summary>
    public required int GroupShift { get; init; }
}
