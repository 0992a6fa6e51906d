using GptQuantBench.Cuda;

namespace GptQuantBench.Gpu.Tests;

public sealed class NvmlTests
{
    [Fact]
    public void NVML_finds_the_same_device()
    {
        CudaContext context = Gpu.Require();
        using Nvml nvml = Gpu.RequireNvml();
        NvmlDevice device = nvml.GetDevice(context.Device.PciBusId);

        TestContext.Current.SendDiagnosticMessage(
            $"{device.Name}, driver {nvml.DriverVersion}, "
            + $"{device.SmClock}/{device.MaxSmClock} MHz, {device.MemoryClock}/{device.MaxMemoryClock} MHz, "
            + $"{device.Temperature} °C, {device.PowerMilliwatts}/{device.PowerLimitMilliwatts} mW, {device.TotalEnergyMillijoules} mJ, "
            + $"{device.ThrottleReasons}, persistence {device.PersistenceMode}, "
            + $"process memory {device.GetProcessMemory(Environment.ProcessId)}");
        Assert.Equal(context.Device.Name, device.Name);
        Assert.Matches("^[0-9]+\\.[0-9.]+$", nvml.DriverVersion);
        Assert.InRange(device.Temperature ?? -1, 5, 120);
        Assert.InRange(device.PowerMilliwatts ?? -1, 1000, 2_000_000);
        Assert.InRange(device.MaxSmClock ?? -1, 300, 10_000);
        Assert.InRange(device.SmClock ?? -1, 100, device.MaxSmClock!.Value);
        Assert.InRange(device.MaxMemoryClock ?? -1, 300, 100_000);
        Assert.InRange(device.MemoryClock ?? -1, 100, device.MaxMemoryClock!.Value);
        Assert.NotNull(device.ThrottleReasons);
        Assert.True(device.GetProcessMemory(Environment.ProcessId) is null or > 0);
        Assert.Null(device.GetProcessMemory(int.MaxValue));
    }

    [Fact]
    public void Memory_in_use_grows_with_an_allocation()
    {
        CudaContext context = Gpu.Require();
        using Nvml nvml = Gpu.RequireNvml();
        NvmlDevice device = nvml.GetDevice(context.Device.PciBusId);
        const long Bytes = 1L << 30;
        NvmlMemoryInfo before = Assert.NotNull(device.Memory);

        using CudaDeviceVariable<byte> memory = new(context, Bytes);

        NvmlMemoryInfo after = Assert.NotNull(device.Memory);
        Assert.InRange(after.UsedBytes - before.UsedBytes, Bytes, Bytes + (64 << 20));
        Assert.Equal(after.TotalBytes, after.UsedBytes + after.FreeBytes + after.ReservedBytes);
    }

    [Fact]
    public void Energy_grows()
    {
        CudaContext context = Gpu.Require();
        using Nvml nvml = Gpu.RequireNvml();
        NvmlDevice device = nvml.GetDevice(context.Device.PciBusId);
        Assert.SkipWhen(device.TotalEnergyMillijoules is null, $"{device.Name} does not count energy.");
        long before = device.TotalEnergyMillijoules!.Value;

        Thread.Sleep(TimeSpan.FromSeconds(1));

        Assert.True(device.TotalEnergyMillijoules > before);
    }

    [Fact]
    public void A_device_that_does_not_exist_gives_NVMLs_words()
    {
        Gpu.Require();
        using Nvml nvml = Gpu.RequireNvml();

        NvmlException error = Assert.Throws<NvmlException>(() => nvml.GetDevice("0000:FF:1F.0"));

        Assert.Equal("nvmlDeviceGetHandleByPciBusId_v2", error.Call);
        Assert.StartsWith("nvmlDeviceGetHandleByPciBusId_v2 failed with NVML's status ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void After_Dispose_a_device_tells_nothing()
    {
        CudaContext context = Gpu.Require();
        Nvml nvml = Gpu.RequireNvml();
        NvmlDevice device = nvml.GetDevice(context.Device.PciBusId);
        nvml.Dispose();

        Assert.Throws<ObjectDisposedException>(() => device.Temperature);
    }
}
