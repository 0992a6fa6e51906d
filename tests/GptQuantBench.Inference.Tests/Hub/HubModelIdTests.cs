using GptQuantBench.Inference.Hub;

namespace GptQuantBench.Inference.Tests.Hub;

public sealed class HubModelIdTests
{
    [Theory]
    [InlineData("gpt2", "openai-community/gpt2", "main")]
    [InlineData("GPT2-Medium", "openai-community/gpt2-medium", "main")]
    [InlineData("distilgpt2", "distilgpt2", "main")]
    [InlineData("owner/name", "owner/name", "main")]
    [InlineData("owner/name@v1.0", "owner/name", "v1.0")]
    [InlineData("gpt2@refs/pr/3", "openai-community/gpt2", "refs/pr/3")]
    public void NamesAreRead(string text, string repository, string revision) =>
        Assert.Equal(new HubModelId(repository, revision), HubModelId.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("@main")]
    [InlineData("gpt2@")]
    [InlineData("../gpt2")]
    [InlineData("a/../b")]
    [InlineData("a/b/c")]
    [InlineData("/gpt2")]
    [InlineData("gpt2/")]
    [InlineData(".hidden")]
    [InlineData("a b")]
    [InlineData("a\\b")]
    [InlineData("gpt2\n")]
    [InlineData("gpt2@../../x")]
    [InlineData("gpt2@a..b")]
    [InlineData("gpt2@/etc")]
    [InlineData("gpt2?x")]
    [InlineData("gpt2%2e")]
    [InlineData("gpt2@main@main")]
    public void WhatCouldBeAPathIsRefused(string text) => Assert.Throws<HubException>(() => HubModelId.Parse(text));
}
