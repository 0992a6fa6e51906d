using GptQuantBench.Cuda;

namespace GptQuantBench.Gpu.Tests;

public sealed class DeviceTests
{
    [Fact]
    public void A_device_has_its_facts()
    {
        CudaDevice device = Gpu.Require().Device;

        TestContext.Current.SendDiagnosticMessage($"{device}, CUDA {CudaDriver.Version}");
        Assert.NotEmpty(device.Name);
        Assert.Matches("^[0-9A-Fa-f]{4,8}:[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\\.0$", device.PciBusId);
        Assert.InRange(device.TotalMemory, 1L << 30, 1L << 42);
        Assert.InRange(device.ComputeCapability.Major, 5, 20);
        Assert.InRange(device.MultiprocessorCount, 1, 1000);
        Assert.InRange(device.L2CacheSize, 1 << 18, 1 << 30);
        Assert.InRange(device.MaxSharedMemoryPerBlockOptin, 48 * 1024, 1 << 20);
        Assert.InRange(device.MaxSharedMemoryPerMultiprocessor, device.MaxSharedMemoryPerBlockOptin, 1 << 20);
        Assert.InRange(device.MemoryBusWidth, 32, 1 << 14);
        Assert.InRange(device.ClockRate, 100_000, 10_000_000);
        Assert.InRange(device.MemoryClockRate, 100_000, 100_000_000);
        Assert.Equal(32, device.GetAttribute(CudaDeviceAttribute.WarpSize));
        Assert.Equal(1, device.GetAttribute(CudaDeviceAttribute.CooperativeLaunch));
        Assert.Equal(1, device.GetAttribute(CudaDeviceAttribute.UnifiedAddressing));
    }

    [Fact]
    public void A_device_that_does_not_exist_is_named()
    {
        Gpu.Require();

        CudaException error = Assert.Throws<CudaException>(() => CudaDevice.Get(999));

        Assert.Equal($"CUDA device 999 does not exist, so choose one from 0 to {CudaDriver.DeviceCount - 1}.", error.Message);
        Assert.Throws<CudaException>(() => CudaDevice.Get(-1));
    }

    [Fact]
    public void The_driver_supports_the_CUDA_that_everything_needs()
    {
        Gpu.Require();

        Assert.True(CudaDriver.Version >= new CudaVersion(11, 4));
        Assert.InRange(CudaDriver.DeviceCount, 1, 1024);
    }
}
