using System.Text;
using GptQuantBench.Cuda;
using GptQuantBench.Inference.Backends.Cuda;

namespace GptQuantBench.Inference.Tests.Backends;

/// <summary>Which PTX a device gets.</summary>
public sealed class PtxStoreTests
{
    [Theory]
    [InlineData(8, 0, "weights_fp16", "weights_fp16.sm_80.ptx", ".target sm_80")]
    [InlineData(8, 9, "persistent_fp16", "persistent_fp16.sm_80.ptx", ".target sm_80")]
    [InlineData(9, 0, "weights_fp16", "weights_fp16.sm_90.ptx", ".target sm_90")]
    [InlineData(9, 0, "persistent_fp16", "persistent_fp16.sm_90.ptx", ".target sm_90a")]
    [InlineData(10, 0, "weights_fp16", "weights_fp16.sm_90.ptx", ".target sm_90")]
    [InlineData(10, 0, "persistent_fp16", "persistent_fp16.sm_80.ptx", ".target sm_80")]
    public void A_device_gets_the_newest_that_it_can_run(int major, int minor, string module, string file, string target)
    {
        (string chosen, byte[] ptx) = new PtxStore(directory: null, new ComputeCapability(major, minor)).Choose(module);
        Assert.Equal(file, chosen);
        Assert.Matches($@"(?m)^{target}\r?$", Encoding.ASCII.GetString(ptx));
    }
}
