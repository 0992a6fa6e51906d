namespace GptQuantBench.Cuda;

/// <summary><c>cudaDataType</c>: the types in use.</summary>
public enum CudaDataType
{
    Float32 = 0,
    Float16 = 2,
    BFloat16 = 14,
}
