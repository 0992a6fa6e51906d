using GptQuantBench.Cuda;
using GptQuantBench.Inference.Backends.Cuda;

namespace GptQuantBench.Inference.Tests.Backends;

public sealed class CudaDeviceMonitorTests
{
    [Theory]
    [InlineData(NvmlThrottleReasons.None)]
    [InlineData(NvmlThrottleReasons.GpuIdle)]
    [InlineData(NvmlThrottleReasons.ApplicationsClocksSetting | NvmlThrottleReasons.SyncBoost | NvmlThrottleReasons.DisplayClockSetting)]
    public void Idling_and_what_a_user_has_set_hold_nothing_back(NvmlThrottleReasons reasons) => Assert.Empty(CudaDeviceMonitor.Throttles(reasons));

    [Fact]
    public void Every_reason_to_slow_down_has_its_name() => Assert.Equal(
        ["power limit", "hardware slowdown", "heat (driver)", "heat (hardware)", "power brake"],
        CudaDeviceMonitor.Throttles((NvmlThrottleReasons)511));
}
