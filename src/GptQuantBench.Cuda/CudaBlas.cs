using System.Diagnostics.CodeAnalysis;
using GptQuantBench.Cuda.Native;
using GptQuantBench.Cuda.Native.CuBlas;
using GptQuantBench.Cuda.Native.Driver;

namespace GptQuantBench.Cuda;

/// <summary>
/// A cuBLAS handle. Matrices are column-major, as in BLAS: a row-major [rows, columns] is cuBLAS's columns × rows with leading dimension
/// columns, so row-major C = A·B is asked for as Cᵀ = Bᵀ·Aᵀ. Not thread-safe; its context must be current for products.
/// </summary>
public sealed unsafe class CudaBlas : IDisposable
{
    private const int DefaultAlgorithm = -1;

    private readonly ContextObjectHandle _handle;
    private CudaStream? _stream;

    /// <summary>Makes a handle; takes some device memory of its own.</summary>
    /// <exception cref="CudaLibraryException">cuBLAS is not installed.</exception>
    /// <exception cref="CuBlasException">cuBLAS cannot start.</exception>
    public CudaBlas(CudaContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        NativeLibraryResolver.CuBlas.Load();
        using CudaContextScope scope = context.Use();
        nint handle;
        CuBlasError.Check(CuBlasNative.cublasCreate_v2(&handle));
        _handle = new ContextObjectHandle(
            handle,
            context.Handle,
            typeof(CudaBlas),
            static value => CuBlasNative.cublasDestroy_v2(value) == CuBlasStatus.Success ? CudaResult.Success : CudaResult.Unknown);
    }

    /// <summary>The library's version, e.g. 13.0.2.</summary>
    /// <exception cref="CudaLibraryException">cuBLAS is not installed.</exception>
    public static Version Version
    {
        get
        {
            NativeLibraryResolver.CuBlas.Load();
            return new Version(Property(LibraryProperty.Major), Property(LibraryProperty.Minor), Property(LibraryProperty.Patch));
        }
    }

    /// <summary>The file name or path that cuBLAS was loaded from; null before its first use.</summary>
    public static string? LoadedLibrary => NativeLibraryResolver.CuBlas.LoadedName;

    /// <summary>Which precision products may take; <see cref="CuBlasMathMode.Default"/> at first.</summary>
    public CuBlasMathMode MathMode
    {
        get
        {
            CuBlasMathMode mode;
            CuBlasError.Check(CuBlasNative.cublasGetMathMode(Handle, &mode));
            return mode;
        }
        set => CuBlasError.Check(CuBlasNative.cublasSetMathMode(Handle, value));
    }

    private nint Handle => _handle.Value;

    /// <summary>Whether cuBLAS can be loaded.</summary>
    /// <param name="reason">Why not, in one sentence; null where it can.</param>
    public static bool TryLoad([NotNullWhen(false)] out string? reason)
    {
        try
        {
            NativeLibraryResolver.CuBlas.Load();
            reason = null;
            return true;
        }
        catch (CudaLibraryException e)
        {
            reason = e.Message;
            return false;
        }
    }

    /// <summary>Queues all later products in a stream. Puts the workspace back to cuBLAS's own: set the stream first.</summary>
    public void SetStream(CudaStream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        CuBlasError.Check(CuBlasNative.cublasSetStream_v2(Handle, stream.Handle));
        _stream = stream;
    }

    /// <summary>Makes cuBLAS use this memory instead of its own; it must stay valid as long as products are queued.</summary>
    /// <param name="workspace">Aligned to 256 bytes.</param>
    /// <param name="byteCount">Size; NVIDIA recommends 32 MiB on Hopper, 4 MiB before.</param>
    public void SetWorkspace(CudaDevicePointer workspace, long byteCount) =>
        CuBlasError.Check(CuBlasNative.cublasSetWorkspace_v2(Handle, workspace.Address, checked((nuint)byteCount)));

    /// <summary>C = alpha · op(A) · op(B) + beta · C, column-major, computed in FP32 (<c>cublasGemmEx</c>).</summary>
    /// <param name="transA">op of A.</param>
    /// <param name="transB">op of B.</param>
    /// <param name="m">Rows of op(A) and C.</param>
    /// <param name="n">Columns of op(B) and C.</param>
    /// <param name="k">Columns of op(A), rows of op(B).</param>
    /// <param name="alpha">Factor of the product.</param>
    /// <param name="a">A.</param>
    /// <param name="b">B.</param>
    /// <param name="beta">Factor of the old C; 0 means that it is not read.</param>
    /// <param name="c">C.</param>
    /// <param name="computeType">Type of products and sums.</param>
    /// <exception cref="CuBlasException">cuBLAS has no such product, or could not queue it.</exception>
    public void Gemm(
        CuBlasOperation transA,
        CuBlasOperation transB,
        int m,
        int n,
        int k,
        float alpha,
        in CudaMatrix a,
        in CudaMatrix b,
        float beta,
        in CudaMatrix c,
        CuBlasComputeType computeType = CuBlasComputeType.Float32)
    {
        CuBlasStatus status = CuBlasNative.cublasGemmEx(
            Handle,
            transA,
            transB,
            m,
            n,
            k,
            &alpha,
            a.Pointer.Address,
            a.Type,
            a.LeadingDimension,
            b.Pointer.Address,
            b.Type,
            b.LeadingDimension,
            &beta,
            c.Pointer.Address,
            c.Type,
            c.LeadingDimension,
            computeType,
            DefaultAlgorithm);
        if (status != CuBlasStatus.Success)
        {
            throw Failure(status, nameof(CuBlasNative.cublasGemmEx), m, n, k);
        }

        _stream?.EndLaunch(nameof(CuBlasNative.cublasGemmEx));
    }

    /// <summary>The same product for a batch of matrices at equal distances (<c>cublasGemmStridedBatchedEx</c>).</summary>
    /// <param name="transA">op of each A.</param>
    /// <param name="transB">op of each B.</param>
    /// <param name="m">Rows of op(A) and C.</param>
    /// <param name="n">Columns of op(B) and C.</param>
    /// <param name="k">Columns of op(A), rows of op(B).</param>
    /// <param name="alpha">Factor of the products.</param>
    /// <param name="a">The first A.</param>
    /// <param name="strideA">Elements from one A to the next; 0 for the same one.</param>
    /// <param name="b">The first B.</param>
    /// <param name="strideB">Elements from one B to the next; 0 for the same one.</param>
    /// <param name="beta">Factor of the old C; 0 means that it is not read.</param>
    /// <param name="c">The first C.</param>
    /// <param name="strideC">Elements from one C to the next.</param>
    /// <param name="batchCount">Number of products.</param>
    /// <param name="computeType">Type of products and sums.</param>
    /// <exception cref="CuBlasException">cuBLAS has no such product, or could not queue it.</exception>
    public void GemmStridedBatched(
        CuBlasOperation transA,
        CuBlasOperation transB,
        int m,
        int n,
        int k,
        float alpha,
        in CudaMatrix a,
        long strideA,
        in CudaMatrix b,
        long strideB,
        float beta,
        in CudaMatrix c,
        long strideC,
        int batchCount,
        CuBlasComputeType computeType = CuBlasComputeType.Float32)
    {
        CuBlasStatus status = CuBlasNative.cublasGemmStridedBatchedEx(
            Handle,
            transA,
            transB,
            m,
            n,
            k,
            &alpha,
            a.Pointer.Address,
            a.Type,
            a.LeadingDimension,
            strideA,
            b.Pointer.Address,
            b.Type,
            b.LeadingDimension,
            strideB,
            &beta,
            c.Pointer.Address,
            c.Type,
            c.LeadingDimension,
            strideC,
            batchCount,
            computeType,
            DefaultAlgorithm);
        if (status != CuBlasStatus.Success)
        {
            throw Failure(status, nameof(CuBlasNative.cublasGemmStridedBatchedEx), m, n, k);
        }

        _stream?.EndLaunch(nameof(CuBlasNative.cublasGemmStridedBatchedEx));
    }

    /// <summary>Destroys the handle and its own memory; waits for the device.</summary>
    public void Dispose() => _handle.Dispose();

    private static CuBlasException Failure(CuBlasStatus status, string call, int m, int n, int k) =>
        CuBlasError.Create(status, call, CuBlasError.Describe(status), $" for m {m}, n {n}, k {k}");

    private static int Property(LibraryProperty property)
    {
        int value;
        CuBlasError.Check(CuBlasNative.cublasGetProperty(property, &value));
        return value;
    }
}
