using System.Runtime.InteropServices;
using GptQuantBench.Cuda.Native.Driver;

namespace GptQuantBench.Cuda;

/// <summary>A device and its unchanging facts. Needs no context.</summary>
public sealed unsafe class CudaDevice
{
    private const int TextLength = 256;

    private readonly int _device;

    private CudaDevice(int ordinal, int device)
    {
        Ordinal = ordinal;
        _device = device;
        byte* text = stackalloc byte[TextLength];
        DriverError.Check(DeviceNative.cuDeviceGetName(text, TextLength, device));
        Name = Marshal.PtrToStringUTF8((nint)text)!;
        DriverError.Check(DeviceNative.cuDeviceGetPCIBusId(text, TextLength, device));
        PciBusId = Marshal.PtrToStringUTF8((nint)text)!;
        nuint bytes;
        DriverError.Check(DeviceNative.cuDeviceTotalMem_v2(&bytes, device));
        TotalMemory = (long)bytes;
        ComputeCapability = new ComputeCapability(
            GetAttribute(CudaDeviceAttribute.ComputeCapabilityMajor),
            GetAttribute(CudaDeviceAttribute.ComputeCapabilityMinor));
        MultiprocessorCount = GetAttribute(CudaDeviceAttribute.MultiprocessorCount);
    }

    /// <summary>Number of the device, from 0, in the order of <c>CUDA_VISIBLE_DEVICES</c>.</summary>
    public int Ordinal { get; }

    /// <summary>Marketing name, e.g. <c>NVIDIA H100 80GB HBM3</c>.</summary>
    public string Name { get; }

    /// <summary>PCI address <c>domain:bus:device.function</c>, by which NVML finds the same device.</summary>
    public string PciBusId { get; }

    /// <summary>Memory of the device, bytes.</summary>
    public long TotalMemory { get; }

    /// <summary>Architecture.</summary>
    public ComputeCapability ComputeCapability { get; }

    /// <summary>Number of multiprocessors (SMs).</summary>
    public int MultiprocessorCount { get; }

    /// <summary>L2 cache, bytes.</summary>
    public int L2CacheSize => GetAttribute(CudaDeviceAttribute.L2CacheSize);

    /// <summary>Shared memory per block that a kernel can opt in to, bytes.</summary>
    public int MaxSharedMemoryPerBlockOptin => GetAttribute(CudaDeviceAttribute.MaxSharedMemoryPerBlockOptin);

    /// <summary>Shared memory of one multiprocessor, bytes.</summary>
    public int MaxSharedMemoryPerMultiprocessor => GetAttribute(CudaDeviceAttribute.MaxSharedMemoryPerMultiprocessor);

    /// <summary>Peak clock of the multiprocessors, kHz.</summary>
    public int ClockRate => GetAttribute(CudaDeviceAttribute.ClockRate);

    /// <summary>Peak clock of the memory, kHz.</summary>
    public int MemoryClockRate => GetAttribute(CudaDeviceAttribute.MemoryClockRate);

    /// <summary>Width of the memory bus, bits.</summary>
    public int MemoryBusWidth => GetAttribute(CudaDeviceAttribute.GlobalMemoryBusWidth);

    /// <summary>Whether anyone in this process holds the device's primary context.</summary>
    public bool IsPrimaryContextActive
    {
        get
        {
            uint flags;
            int active;
            DriverError.Check(ContextNative.cuDevicePrimaryCtxGetState(_device, &flags, &active));
            return active != 0;
        }
    }

    /// <summary>The driver's number for the device (<c>CUdevice</c>).</summary>
    internal int NativeDevice => _device;

    /// <summary>A device by its number.</summary>
    /// <param name="ordinal">From 0 to <see cref="CudaDriver.DeviceCount"/> − 1.</param>
    /// <exception cref="CudaLibraryException">The driver is missing or too old.</exception>
    /// <exception cref="CudaException">No device is usable, or none has this number.</exception>
    public static CudaDevice Get(int ordinal)
    {
        CudaDriver.Initialize();
        if (ordinal < 0 || ordinal >= CudaDriver.DeviceCount)
        {
            throw new CudaException(
                $"CUDA device {ordinal} does not exist, so choose one from 0 to {CudaDriver.DeviceCount - 1}.",
                nameof(DeviceNative.cuDeviceGet),
                CudaResult.InvalidDevice);
        }

        int device;
        DriverError.Check(DeviceNative.cuDeviceGet(&device, ordinal));
        return new CudaDevice(ordinal, device);
    }

    /// <summary>An attribute of the device.</summary>
    public int GetAttribute(CudaDeviceAttribute attribute)
    {
        int value;
        DriverError.Check(DeviceNative.cuDeviceGetAttribute(&value, attribute, _device));
        return value;
    }

    /// <summary>
    /// Destroys the primary context and everything in it, whoever holds it: memory, modules and streams are gone, and objects of this
    /// library that belonged to it may only be disposed.
    /// </summary>
    public void ResetPrimaryContext() => DriverError.Check(ContextNative.cuDevicePrimaryCtxReset_v2(_device));

    /// <summary>Name and address.</summary>
    public override string ToString() => $"{Name} ({PciBusId})";
}
