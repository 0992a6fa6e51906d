using System.Runtime.InteropServices;

namespace GptQuantBench.Cuda.Native.Driver;

/// <summary>Descriptions of matrices for the tensor copy engine.</summary>
internal static unsafe partial class TensorMapNative
{
    /// <summary>Driver that has it.</summary>
    internal static readonly CudaVersion Since = new(12, 0);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuTensorMapEncodeTiled(
        void* map,
        int dataType,
        uint rank,
        ulong address,
        ulong* dimensions,
        ulong* strides,
        uint* box,
        uint* elementStrides,
        int interleave,
        int swizzle,
        int l2Promotion,
        int outOfBoundsFill);
}
