using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using GptQuantBench.Cuda.Native.Driver;

namespace GptQuantBench.Cuda.Native.Nvml;

/// <summary>Turns an NVML status into an exception in the library's own words.</summary>
internal static unsafe class NvmlError
{
    /// <summary>Throws unless the call succeeded.</summary>
    /// <param name="result">The call itself, so that the compiler hands over its text.</param>
    /// <param name="expression">The text of the call.</param>
    /// <exception cref="NvmlException">The call failed.</exception>
    public static void Check(NvmlReturn result, [CallerArgumentExpression(nameof(result))] string expression = "")
    {
        if (result != NvmlReturn.Success)
        {
            throw Create(result, DriverError.CallName(expression), Marshal.PtrToStringUTF8((nint)NvmlNative.nvmlErrorString(result))!);
        }
    }

    /// <summary>The exception of a failed call; one sentence.</summary>
    public static NvmlException Create(NvmlReturn result, string call, string description)
    {
        string advice = result switch
        {
            NvmlReturn.LibraryVersionMismatch => ", so restart the machine after the driver's update",
            NvmlReturn.DriverNotLoaded => ", so check the NVIDIA driver with nvidia-smi",
            _ => "",
        };
        return new NvmlException($"{call} failed with NVML's status {(int)result} ({description}){advice}.", call, result);
    }

    /// <summary>Whether a status only says that this device, driver or container does not tell.</summary>
    public static bool IsAbsent(NvmlReturn result) =>
        result is NvmlReturn.NotSupported or NvmlReturn.NoPermission or NvmlReturn.FunctionNotFound or NvmlReturn.ArgumentVersionMismatch;
}
