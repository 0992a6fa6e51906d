using System.Runtime.InteropServices;

namespace GptQuantBench.Cuda.Native.CuBlas;

/// <summary>cuBLAS, the part that is the same in versions 11, 12 and 13.</summary>
internal static unsafe partial class CuBlasNative
{
    [LibraryImport(NativeLibraryName.CuBlas)]
    internal static partial CuBlasStatus cublasCreate_v2(nint* handle);

    [LibraryImport(NativeLibraryName.CuBlas)]
    internal static partial CuBlasStatus cublasDestroy_v2(nint handle);

    [LibraryImport(NativeLibraryName.CuBlas)]
    internal static partial CuBlasStatus cublasGetProperty(LibraryProperty property, int* value);

    [LibraryImport(NativeLibraryName.CuBlas)]
    internal static partial CuBlasStatus cublasSetStream_v2(nint handle, nint stream);

    [LibraryImport(NativeLibraryName.CuBlas)]
    internal static partial CuBlasStatus cublasSetWorkspace_v2(nint handle, ulong workspace, nuint bytes);

    [LibraryImport(NativeLibraryName.CuBlas)]
    internal static partial CuBlasStatus cublasSetMathMode(nint handle, CuBlasMathMode mode);

    [LibraryImport(NativeLibraryName.CuBlas)]
    internal static partial CuBlasStatus cublasGetMathMode(nint handle, CuBlasMathMode* mode);

    [LibraryImport(NativeLibraryName.CuBlas)]
    internal static partial byte* cublasGetStatusName(CuBlasStatus status);

    [LibraryImport(NativeLibraryName.CuBlas)]
    internal static partial byte* cublasGetStatusString(CuBlasStatus status);

    [LibraryImport(NativeLibraryName.CuBlas)]
    internal static partial CuBlasStatus cublasGemmEx(
        nint handle,
        CuBlasOperation transA,
        CuBlasOperation transB,
        int m,
        int n,
        int k,
        void* alpha,
        ulong a,
        CudaDataType typeA,
        int lda,
        ulong b,
        CudaDataType typeB,
        int ldb,
        void* beta,
        ulong c,
        CudaDataType typeC,
        int ldc,
        CuBlasComputeType computeType,
        int algorithm);

    [LibraryImport(NativeLibraryName.CuBlas)]
    internal static partial CuBlasStatus cublasGemmStridedBatchedEx(
        nint handle,
        CuBlasOperation transA,
        CuBlasOperation transB,
        int m,
        int n,
        int k,
        void* alpha,
        ulong a,
        CudaDataType typeA,
        int lda,
        long strideA,
        ulong b,
        CudaDataType typeB,
        int ldb,
        long strideB,
        void* beta,
        ulong c,
        CudaDataType typeC,
        int ldc,
        long strideC,
        int batchCount,
        CuBlasComputeType computeType,
        int algorithm);
}
