using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Backends.Cpu;

namespace GptQuantBench.Inference.Tests.Backends;

public class ReadBandwidthProbeTests
{
    [Fact]
    public void A_machine_reads_between_a_hundred_megabytes_and_ten_terabytes_a_second()
    {
        using ReadBandwidthProbe probe = new(1);
        Assert.Equal(ReadBandwidthProbe.MinimumBytes, probe.BytesPerPass);
        Assert.InRange(ProbeRate.Median(probe, passes: 3, pass => pass.BytesPerPass), 1e8, 1e13);
    }

    [Fact]
    public void At_least_one_pass_is_needed()
    {
        using ReadBandwidthProbe probe = new(1);
        Assert.Throws<ArgumentOutOfRangeException>(() => ProbeRate.Median(probe, passes: 0, pass => pass.BytesPerPass));
    }
}
