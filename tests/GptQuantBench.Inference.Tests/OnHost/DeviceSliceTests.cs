using System.Text;

namespace GptQuantBench.Inference.Tests.OnHost;

/// <summary>The persistent kernel's slices of columns and its activations in shared memory (persistent_slices.cuh), without a GPU.</summary>
public sealed class DeviceSliceTests
{
    /// <summary>
    /// Every column is one warp's for all widths up to 8192, every lane gets the activations that its weights are of, and no two lanes that read
    /// together meet at a bank, as they would in two formats if the activations lay straight.
    /// </summary>
    [Fact]
    public void Columns_are_shared_out_and_activations_meet_at_no_bank()
    {
        using HostProgram program = new("slices.cpp");
        Assert.Equal("banks of fp16: 1 1 1\nbanks of int8: 1 1 2\nbanks of int4: 1 1 2\n", Encoding.UTF8.GetString(program.Run([])));
    }
}
