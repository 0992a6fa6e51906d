namespace GptQuantBench.Cuda;

/// <summary><c>cublasOperation_t</c>: how a matrix enters a product.</summary>
public enum CuBlasOperation
{
    None = 0,
    Transpose = 1,
}
