using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using GptQuantBench.Cuda.Native.Driver;

namespace GptQuantBench.Cuda;

/// <summary>
/// What the tensor copy engine of compute capability 9.0 needs to know of a matrix to copy boxes of it to shared memory
/// (<c>CUtensorMap</c>); part of a kernel's arguments. Elements beyond the matrix are zeros.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public readonly unsafe struct CudaTensorMap
{
    private const int Bytes = 128;
    private const int Alignment = 64;
    private const int LargestBox = 256;
    private const int Unit = 16; // of addresses and pitches, bytes

    private readonly Content _content;

    /// <summary>Whether the driver can make one: from CUDA 12.0 on.</summary>
    public static bool IsSupported => CudaDriver.Version >= TensorMapNative.Since;

    /// <summary>Describes a row-major matrix of integers.</summary>
    /// <param name="address">Its first element, a multiple of 16.</param>
    /// <param name="elementBytes">1 or 2.</param>
    /// <param name="columns">Elements of a row.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="pitch">Bytes from a row to the next, a multiple of 16.</param>
    /// <param name="boxColumns">Elements of a row of a box, a multiple of 16 bytes; 256 at most.</param>
    /// <param name="boxRows">Rows of a box, 256 at most.</param>
    /// <param name="readsAhead">Whether rows are read in order, so that 256 bytes around a box come into the L2 cache.</param>
    /// <exception cref="ArgumentException">A number is none of these.</exception>
    /// <exception cref="CudaLibraryException">The driver is too old (<see cref="IsSupported"/>).</exception>
    /// <exception cref="CudaException">The driver rejects it.</exception>
    public static CudaTensorMap OfMatrix(
        CudaDevicePointer address, int elementBytes, int columns, int rows, int pitch, int boxColumns, int boxRows, bool readsAhead)
    {
        if (elementBytes is not (1 or 2) || columns < 1 || rows < 1 || boxColumns is < 1 or > LargestBox || boxRows is < 1 or > LargestBox
            || address.Address % Unit != 0 || pitch < columns * elementBytes || pitch % Unit != 0 || boxColumns * elementBytes % Unit != 0)
        {
            throw new ArgumentException(
                $"The tensor copy engine cannot copy boxes of {boxRows} x {boxColumns} elements from a matrix of {rows} x {columns} elements of {elementBytes} bytes "
                + $"at {address}, {pitch} bytes a row, so use 1 or 2 bytes, boxes of up to 256 x 256, and multiples of 16 bytes for address, pitch and row of a box.");
        }

        CudaDriver.Require(TensorMapNative.Since, nameof(TensorMapNative.cuTensorMapEncodeTiled));
        ulong* dimensions = stackalloc ulong[] { (ulong)columns, (ulong)rows };
        ulong stride = (ulong)pitch;
        uint* box = stackalloc uint[] { (uint)boxColumns, (uint)boxRows };
        uint* elementStrides = stackalloc uint[] { 1, 1 };
        byte* memory = stackalloc byte[Bytes + Alignment];
        void* map = (void*)(((nuint)memory + Alignment - 1) / Alignment * Alignment);

        // The integer types are numbered from 0; no interleaving and no swizzling are 0; a promotion to 256 bytes is 3; filling by zeros is 0.
        DriverError.Check(
            TensorMapNative.cuTensorMapEncodeTiled(map, elementBytes - 1, 2, address.Address, dimensions, &stride, box, elementStrides, 0, 0, readsAhead ? 3 : 0, 0));
        return Unsafe.ReadUnaligned<CudaTensorMap>(map);
    }

    [InlineArray(Bytes / sizeof(ulong))]
    private struct Content
    {
        private ulong _first;
    }
}
