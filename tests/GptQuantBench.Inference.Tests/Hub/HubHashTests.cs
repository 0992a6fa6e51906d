using System.Text;
using GptQuantBench.Inference.Hub;

namespace GptQuantBench.Inference.Tests.Hub;

public sealed class HubHashTests
{
    /// <summary>What <c>git hash-object</c> says.</summary>
    [Theory]
    [InlineData("", "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391")]
    [InlineData("hello world\n", "3b18e512dba79e4c8300dd08aeb37f8e728b8dad")]
    public void GitsIds(string text, string expected) => Assert.Equal(expected, HubHash.GitId(new MemoryStream(Encoding.UTF8.GetBytes(text))));

    /// <summary>FIPS 180-4's own example.</summary>
    [Fact]
    public void Sha256OfAbc() => Assert.Equal(
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", HubHash.Sha256(new MemoryStream("abc"u8.ToArray())));
}
