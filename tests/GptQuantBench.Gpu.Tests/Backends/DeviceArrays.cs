using GptQuantBench.Cuda;

namespace GptQuantBench.Gpu.Tests.Backends;

/// <summary>Device memory with known content.</summary>
internal static class DeviceArrays
{
    /// <summary>A copy of an array of the host.</summary>
    public static CudaDeviceVariable<T> Upload<T>(CudaContext context, T[] values)
        where T : unmanaged
    {
        CudaDeviceVariable<T> variable = new(context, values.Length);
        variable.CopyToDevice(values);
        return variable;
    }

    /// <summary>All bits set, which is NaN in FP16 and FP32: what a kernel does not write shows.</summary>
    public static CudaDeviceVariable<T> Poisoned<T>(CudaContext context, int length)
        where T : unmanaged
    {
        CudaDeviceVariable<T> variable = new(context, length);
        CudaMemory.Fill8(variable.DevicePointer, 0xFF, variable.SizeInBytes);
        context.Synchronize();
        return variable;
    }
}
