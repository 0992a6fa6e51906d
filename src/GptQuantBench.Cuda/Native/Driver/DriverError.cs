using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GptQuantBench.Cuda.Native.Driver;

/// <summary>Turns a driver status into an exception in the driver's own words.</summary>
internal static unsafe class DriverError
{
    /// <summary>Throws unless the call succeeded.</summary>
    /// <param name="result">The call itself, so that the compiler hands over its text.</param>
    /// <param name="expression">The text of the call.</param>
    /// <exception cref="CudaException">The call failed.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Check(CudaResult result, [CallerArgumentExpression(nameof(result))] string expression = "")
    {
        if (result != CudaResult.Success)
        {
            Throw(result, CallName(expression));
        }
    }

    /// <summary>Throws for a call that has failed.</summary>
    [DoesNotReturn]
    public static void Throw(CudaResult result, string call) => throw Create(result, call, Describe(result));

    /// <summary>The exception of a failed call; one sentence.</summary>
    /// <param name="result">The status.</param>
    /// <param name="call">Native name of the call.</param>
    /// <param name="description">The driver's words for the status.</param>
    public static CudaException Create(CudaResult result, string call, string description)
    {
        CudaException plain = new($"{call} failed with {description}.", call, result);
        return plain.IsContextLost
            ? new CudaException(
                $"{call} reports a fault on the GPU: {description}; this process cannot use the GPU any more, "
                + "so run what remains in a new one.",
                call,
                result)
            : plain;
    }

    /// <summary>The driver's name and text for a status, e.g. <c>CUDA_ERROR_OUT_OF_MEMORY (out of memory)</c>.</summary>
    public static string Describe(CudaResult result)
    {
        byte* name;
        byte* text;
        return DriverNative.cuGetErrorName(result, &name) == CudaResult.Success
            && DriverNative.cuGetErrorString(result, &text) == CudaResult.Success
            ? $"{Marshal.PtrToStringUTF8((nint)name)} ({Marshal.PtrToStringUTF8((nint)text)})"
            : $"the unknown status {(int)result}";
    }

    /// <summary>The native name in the text of a call: <c>MemoryNative.cuMemFree_v2(address)</c> gives <c>cuMemFree_v2</c>.</summary>
    public static string CallName(string expression)
    {
        int end = expression.IndexOf('(', StringComparison.Ordinal);
        ReadOnlySpan<char> callee = end < 0 ? expression : expression.AsSpan(0, end);
        return callee[(callee.LastIndexOf('.') + 1)..].ToString();
    }
}
