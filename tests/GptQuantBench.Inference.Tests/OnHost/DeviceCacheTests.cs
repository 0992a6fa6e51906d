using System.Text;

namespace GptQuantBench.Inference.Tests.OnHost;

/// <summary>What the persistent kernel has come into the L2 cache ahead of attention (persistent_ahead.cuh), without a GPU.</summary>
public sealed class DeviceCacheTests
{
    /// <summary>
    /// At every position a block asks for each line of its keys and values in the cache once, at one place of a layer, and for no other; as
    /// many blocks ask at each place as at the others. A line too few would cost time, and no other test would see it.
    /// </summary>
    [Fact]
    public void Every_cached_line_is_asked_for_once()
    {
        using HostProgram program = new("ahead.cpp");
        Assert.Equal("blocks: 24 24 24 24\n", Encoding.UTF8.GetString(program.Run([])));
    }
}
