using GptQuantBench.Cuda;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>The device memory that the blocks of a model work in.</summary>
internal interface IActivations
{
    /// <summary>Halves of a row of <see cref="Normed"/> and <see cref="Attended"/>.</summary>
    int NormedPitch { get; }

    /// <summary>Halves of a row of <see cref="Hidden"/>.</summary>
    int HiddenPitch { get; }

    /// <summary>FP32 [rows, embedding].</summary>
    CudaDevicePointer Residual { get; }

    /// <summary>FP32 [rows, embedding].</summary>
    CudaDevicePointer Queries { get; }

    /// <summary>FP16 [rows, <see cref="NormedPitch"/>].</summary>
    CudaDevicePointer Normed { get; }

    /// <summary>FP16 [rows, <see cref="NormedPitch"/>].</summary>
    CudaDevicePointer Attended { get; }

    /// <summary>FP16 [rows, <see cref="HiddenPitch"/>].</summary>
    CudaDevicePointer Hidden { get; }

    /// <summary>FP32 [rows, largest number of outputs in a block].</summary>
    CudaDevicePointer Product { get; }

    /// <summary>Positions of a cache.</summary>
    int Capacity { get; }

    /// <summary>Halves of one position of one head in a cache.</summary>
    int HeadPitch { get; }

    /// <summary>The first sequence's keys of a layer, FP16 [heads, capacity, head pitch].</summary>
    CudaDevicePointer Keys(int layer);

    /// <summary>Its values.</summary>
    CudaDevicePointer Values(int layer);
}
