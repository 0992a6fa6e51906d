using GptQuantBench.Cuda;

namespace GptQuantBench.Gpu.Tests;

/// <summary>The parameters of vector_add.</summary>
internal readonly record struct VectorAddArguments(CudaDevicePointer A, CudaDevicePointer B, CudaDevicePointer C, int Count);
