using GptQuantBench.Inference.Backends.Cpu;

namespace GptQuantBench.Inference.Tests.Backends;

public class ReadBandwidthProbeTests
{
    [Fact]
    public void A_machine_reads_between_a_hundred_megabytes_and_ten_terabytes_a_second()
    {
        Assert.InRange(ReadBandwidthProbe.Measure(1, passes: 3), 1e8, 1e13);
    }

    [Fact]
    public void At_least_one_pass_is_needed()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => ReadBandwidthProbe.Measure(1, passes: 0));
    }
}
