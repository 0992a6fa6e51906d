namespace GptQuantBench.Cuda;

/// <summary><c>cublasComputeType_t</c>: the type of products and sums; alpha and beta have it too.</summary>
public enum CuBlasComputeType
{
    Float32 = 68,
    Float32Pedantic = 69,
    Float32FastTf32 = 77,
}
