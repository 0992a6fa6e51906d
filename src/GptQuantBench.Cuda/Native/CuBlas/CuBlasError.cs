using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using GptQuantBench.Cuda.Native.Driver;

namespace GptQuantBench.Cuda.Native.CuBlas;

/// <summary>Turns a cuBLAS status into an exception in the library's own words.</summary>
internal static unsafe class CuBlasError
{
    /// <summary>Throws unless the call succeeded.</summary>
    /// <param name="status">The call itself, so that the compiler hands over its text.</param>
    /// <param name="expression">The text of the call.</param>
    /// <exception cref="CuBlasException">The call failed.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Check(CuBlasStatus status, [CallerArgumentExpression(nameof(status))] string expression = "")
    {
        if (status != CuBlasStatus.Success)
        {
            throw Create(status, DriverError.CallName(expression), Describe(status), "");
        }
    }

    /// <summary>The exception of a failed call; one sentence.</summary>
    /// <param name="status">The status.</param>
    /// <param name="call">Native name of the call.</param>
    /// <param name="description">cuBLAS's words for the status.</param>
    /// <param name="detail">What was asked for, beginning with a space; or empty.</param>
    public static CuBlasException Create(CuBlasStatus status, string call, string description, string detail) =>
        new($"{call} failed with {description}{detail}{Advice(status)}.", call, status);

    /// <summary>cuBLAS's name and text for a status.</summary>
    public static string Describe(CuBlasStatus status)
    {
        try
        {
            string? name = Marshal.PtrToStringUTF8((nint)CuBlasNative.cublasGetStatusName(status));
            string? text = Marshal.PtrToStringUTF8((nint)CuBlasNative.cublasGetStatusString(status));
            return $"{name} ({text})";
        }
        catch (EntryPointNotFoundException)
        {
            // Before 11.4 cuBLAS had no words.
            return $"the cuBLAS status {(int)status} ({status})";
        }
    }

    private static string Advice(CuBlasStatus status) => status switch
    {
        CuBlasStatus.NotInitialized or CuBlasStatus.AllocationFailed => ", so free memory on the GPU or end other programs on it",
        CuBlasStatus.ArchitectureMismatch or CuBlasStatus.NotSupported => ", so install a cuBLAS that supports this GPU",
        _ => "",
    };
}
