using GptQuantBench.Cuda.Native;
using GptQuantBench.Cuda.Native.Nvml;

namespace GptQuantBench.Cuda.Tests;

/// <summary>What happens on a machine without NVIDIA's driver; skipped where there is one.</summary>
public sealed class WithoutDriverTests
{
    [Fact]
    public void The_driver_says_why_it_cannot_be_used()
    {
        SkipWithDriver();

        Assert.False(CudaDriver.TryInitialize(out string? reason));
        Assert.Contains("CUDA driver", reason, StringComparison.Ordinal);
        Sentences.AssertOne(reason);
        Assert.Equal(0, CudaDriver.DeviceCount);
    }

    [Fact]
    public void Asking_for_a_device_gives_the_same_sentence()
    {
        SkipWithDriver();

        CudaDriver.TryInitialize(out string? reason);

        Assert.Equal(reason, Assert.Throws<CudaLibraryException>(() => CudaDevice.Get(0)).Message);
        Assert.Equal(reason, Assert.Throws<CudaLibraryException>(CudaDriver.Initialize).Message);
        Assert.Equal(reason, Assert.Throws<CudaLibraryException>(() => CudaDriver.Version).Message);
    }

    [Fact]
    public void A_native_call_without_a_library_gives_the_same_sentence()
    {
        SkipWithDriver();

        CudaDriver.TryInitialize(out string? reason);

        Assert.Equal(reason, Assert.Throws<CudaLibraryException>(() => Cuda.Native.Driver.DriverNative.cuInit(0)).Message);
    }

    [Fact]
    public void NVML_says_why_it_cannot_be_used()
    {
        Assert.SkipWhen(Present(NativeLibraryKind.Nvml), "This machine has NVML.");

        Assert.False(Nvml.TryOpen(out Nvml? nvml, out string? reason));
        Assert.Null(nvml);
        Assert.Contains("libnvidia-ml.so.1", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void CuBLAS_says_why_it_cannot_be_used()
    {
        Assert.SkipWhen(Present(NativeLibraryKind.CuBlas), "This machine has cuBLAS.");

        Assert.False(CudaBlas.TryLoad(out string? reason));
        Assert.Contains("libcublas.so.13", reason, StringComparison.Ordinal);
        Assert.Equal(reason, Assert.Throws<CudaLibraryException>(() => CudaBlas.Version).Message);
        Assert.Null(CudaBlas.LoadedLibrary);
    }

    [Fact]
    public void A_process_is_found_among_those_of_a_device()
    {
        NvmlProcessInfo[] processes =
        [
            new() { ProcessId = 1, UsedGpuMemory = 10 },
            new() { ProcessId = 2, UsedGpuMemory = NvmlProcessInfo.NotAvailable },
            new() { ProcessId = 3, UsedGpuMemory = 30 },
        ];

        Assert.Equal(30, NvmlDevice.FindProcess(processes, 3));
        Assert.Null(NvmlDevice.FindProcess(processes, 2));
        Assert.Null(NvmlDevice.FindProcess(processes, 4));
    }

    private static void SkipWithDriver() => Assert.SkipWhen(Present(NativeLibraryKind.Driver), "This machine has NVIDIA's driver.");

    private static bool Present(NativeLibraryKind kind)
    {
        try
        {
            NativeLibraryLoader.ForThisMachine(kind).Load();
            return true;
        }
        catch (CudaLibraryException)
        {
            return false;
        }
    }
}
