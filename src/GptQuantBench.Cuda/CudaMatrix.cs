namespace GptQuantBench.Cuda;

/// <summary>A column-major matrix in device memory, as cuBLAS takes it.</summary>
/// <param name="Pointer">The first element.</param>
/// <param name="Type">Element type.</param>
/// <param name="LeadingDimension">Elements from one column to the next.</param>
public readonly record struct CudaMatrix(CudaDevicePointer Pointer, CudaDataType Type, int LeadingDimension);
