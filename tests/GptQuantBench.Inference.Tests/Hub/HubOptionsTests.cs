using GptQuantBench.Inference.Hub;

namespace GptQuantBench.Inference.Tests.Hub;

public sealed class HubOptionsTests
{
    [Fact]
    public void WithoutVariablesTheHubIsHuggingFaces()
    {
        HubOptions options = Read(("HOME", "/home/a"), ("USERPROFILE", "/home/a"));
        Assert.Equal("https://huggingface.co", options.EndpointText);
        Assert.Equal(Path.GetFullPath("/home/a/.cache/huggingface/hub"), options.CacheFolder);
        Assert.False(options.IsOffline);
        Assert.Null(options.Token);
    }

    [Fact]
    public void VariablesAreRead()
    {
        HubOptions options = Read(("HF_ENDPOINT", "https://mirror.example/hf/"), ("HF_HOME", "/cache"), ("HF_TOKEN", " hf_abc\n"));
        Assert.Equal("https://mirror.example/hf", options.EndpointText);
        Assert.Equal(Path.GetFullPath("/cache/hub"), options.CacheFolder);
        Assert.Equal("hf_abc", options.Token);
        Assert.DoesNotContain("hf_abc", options.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HF_HUB_OFFLINE", "1", true)]
    [InlineData("HF_HUB_OFFLINE", "true", true)]
    [InlineData("HF_HUB_OFFLINE", "YES", true)]
    [InlineData("TRANSFORMERS_OFFLINE", "on", true)]
    [InlineData("HF_HUB_OFFLINE", "0", false)]
    [InlineData("HF_HUB_OFFLINE", "", false)]
    public void OfflineIsReadAsHuggingFaceHubReadsIt(string name, string value, bool expected) =>
        Assert.Equal(expected, Read((name, value), ("HF_HOME", "/cache")).IsOffline);

    [Theory]
    [InlineData("HF_ENDPOINT", "huggingface.co")]
    [InlineData("HF_ENDPOINT", "ftp://huggingface.co")]
    [InlineData("HF_ENDPOINT", "file:///etc")]
    [InlineData("HF_ENDPOINT", "https://user:password@huggingface.co")]
    [InlineData("HF_ENDPOINT", "https://huggingface.co?x=password")]
    [InlineData("HF_TOKEN", "pass\nword")]
    [InlineData("HF_TOKEN", "passwörd")]
    public void AWrongVariableIsNamedAndNotRepeated(string name, string value)
    {
        HubException exception = Assert.Throws<HubException>(() => Read((name, value), ("HF_HOME", "/cache")));
        Assert.Contains(name, exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("pass", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OfflineNothingIsAsked()
    {
        await using FakeHub hub = await FakeHub.StartAsync();
        HubOptions options = Read(("HF_ENDPOINT", hub.Address), ("HF_HOME", "/cache"), ("HF_HUB_OFFLINE", "1"));
        HubException exception = await Assert.ThrowsAsync<HubException>(() => HubFetcher.ListAsync(
            HubModelId.Parse("gpt2"), options, HubPatience.Patient, new HubTestFetch("", ""), TestContext.Current.CancellationToken));
        Assert.Contains("HF_HUB_OFFLINE", exception.Message, StringComparison.Ordinal);
        Assert.Empty(hub.Requests);
    }

    private static HubOptions Read(params (string Name, string Value)[] variables) =>
        HubOptions.FromEnvironment(name => variables.FirstOrDefault(variable => variable.Name == name).Value);
}
