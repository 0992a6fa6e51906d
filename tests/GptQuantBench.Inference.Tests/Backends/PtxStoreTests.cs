using System.Text;
using System.Text.RegularExpressions;
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

    [Theory]
    [InlineData("persistent_fp16", "persistent_decode")]
    [InlineData("persistent_int8", "persistent_decode_tall")]
    [InlineData("persistent_int4", "persistent_decode_wide")]
    [InlineData("persistent_int4_minimum", "persistent_decode_any")]
    [InlineData("persistent_int8_grouped", "persistent_fold")]
    [InlineData("persistent_prompt_int4", "prompt_first")]
    [InlineData("persistent_prompt_fp16", "prompt_first_wide")]
    public void A_kernel_can_be_had_by_itself(string module, string entry)
    {
        foreach (int major in (int[])[8, 9])
        {
            byte[] all = new PtxStore(directory: null, new ComputeCapability(major, 0)).Choose(module).Ptx;
            string text = Encoding.ASCII.GetString(all), kept = Encoding.ASCII.GetString(PtxStore.WithEntry(all, entry));
            Assert.Single(Entries(kept));
            Assert.Contains(entry, Entries(text));
            Assert.Contains(entry, Entries(kept));
            Assert.Equal(kept.Count(letter => letter == '{'), kept.Count(letter => letter == '}'));

            // What stands before the first kernel stays, and the kernel is whole.
            Assert.StartsWith(text[..text.IndexOf(".visible .entry", StringComparison.Ordinal)], kept, StringComparison.Ordinal);
            int start = text.IndexOf($".visible .entry {entry}(", StringComparison.Ordinal), end = text.IndexOf("\n}\n", start, StringComparison.Ordinal);
            Assert.Contains(text[start..(end + 2)], kept, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_kernel_that_is_not_there_is_an_error()
    {
        byte[] all = new PtxStore(directory: null, new ComputeCapability(9, 0)).Choose("persistent_fp16").Ptx;
        InvalidOperationException exception = Assert.Throws<InvalidOperationException>(() => PtxStore.WithEntry(all, "persistent"));
        Assert.Equal("The PTX has no kernel persistent; make it again with eng/kernels.sh.", exception.Message);
    }

    private static string[] Entries(string ptx) => [.. Regex.Matches(ptx, @"(?m)^\.visible \.entry (\w+)\(").Select(match => match.Groups[1].Value)];
}
