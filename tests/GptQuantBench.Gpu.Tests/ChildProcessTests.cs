using Xunit.Sdk;

namespace GptQuantBench.Gpu.Tests;

public sealed class ChildProcessTests
{
    [Fact]
    public void A_child_that_fails_fails_its_test()
    {
        XunitException error = Assert.ThrowsAny<XunitException>(() => ChildProcess.Run("nonsense"));

        Assert.Contains("The scenario nonsense ended with 2", error.Message, StringComparison.Ordinal);
    }
}
