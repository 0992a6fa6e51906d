namespace GptQuantBench.Cuda;

/// <summary>An address in device memory (<c>CUdeviceptr</c>); blittable, so it goes into kernel argument structs as it is.</summary>
/// <param name="Address">The address; 0 for none.</param>
public readonly record struct CudaDevicePointer(ulong Address)
{
    /// <summary>No address.</summary>
    public static CudaDevicePointer Null => default;

    /// <summary>The address some bytes further on.</summary>
    public static CudaDevicePointer operator +(CudaDevicePointer pointer, long bytes) => pointer.Add(bytes);

    /// <summary>The address some bytes further on.</summary>
    public CudaDevicePointer Add(long bytes) => new(Address + (ulong)bytes);

    /// <summary>Hexadecimal.</summary>
    public override string ToString() => $"0x{Address:x}";
}
