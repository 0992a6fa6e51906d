using GptQuantBench.Inference.Checkpoints;

namespace GptQuantBench.Inference.Tests.Checkpoints;

public sealed class HuggingFaceCacheTests
{
    /// <summary>The rules of huggingface_hub's constants.py; expanduser takes "~" and "~/..." and leaves every other name alone.</summary>
    [Theory]
    [InlineData("HF_HUB_CACHE", "/a", "/a")]
    [InlineData("HF_HUB_CACHE", "~", "/home/u")]
    [InlineData("HF_HUB_CACHE", "~/a", "/home/u/a")]
    [InlineData("HF_HUB_CACHE", "~a", "~a")]
    [InlineData("HF_HUB_CACHE", "a/~/b", "a/~/b")]
    [InlineData("HF_HOME", "~/a", "/home/u/a/hub")]
    [InlineData("XDG_CACHE_HOME", "~/a", "/home/u/a/huggingface/hub")]
    [InlineData("HF_HOME", "", "/home/u/.cache/huggingface/hub")]
    public void The_folder_is_the_one_that_huggingface_hub_takes(string variable, string value, string expected)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has other separators.");
        Assert.Equal(expected, HuggingFaceCache.Folder(name => name == variable ? value : name == "HOME" ? "/home/u" : null));
    }

    [Fact]
    public void Without_a_home_a_tilde_is_a_name() =>
        Assert.Equal("~/a", HuggingFaceCache.Folder(name => name == "HF_HUB_CACHE" ? "~/a" : null));

    [Theory]
    [InlineData("/c/models--openai-community--gpt2/snapshots/abc", "gpt2")]
    [InlineData("/c/models--openai-community--gpt2/snapshots/abc/", "gpt2")]
    [InlineData("/c/models--gpt2-large/snapshots/abc", "gpt2-large")]
    [InlineData("/c/models--openai-community--gpt2/other/abc", null)]
    [InlineData("/c/datasets--owner--name/snapshots/abc", null)]
    [InlineData("/snapshots/abc", null)]
    [InlineData("/c/gpt2", null)]
    [InlineData("/", null)]
    public void A_snapshot_is_named_after_its_model(string folder, string? expected) => Assert.Equal(expected, HuggingFaceCache.ModelName(folder));

    [Fact]
    public void A_link_is_a_file_where_its_last_end_is_one()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Symbolic links need privileges on Windows.");
        using TemporaryFolder folder = new();
        string file = folder.Write("file", "");
        File.CreateSymbolicLink(folder["one"], file);
        File.CreateSymbolicLink(folder["two"], folder["one"]);
        File.CreateSymbolicLink(folder["a"], folder["b"]);
        File.CreateSymbolicLink(folder["b"], folder["a"]);
        File.CreateSymbolicLink(folder["folder-link"], folder.Path);
        Assert.All(["file", "one", "two"], name => Assert.True(HuggingFaceCache.ExistingFile(folder[name]), name));
        Assert.All(["none", "a", "folder-link"], name => Assert.False(HuggingFaceCache.ExistingFile(folder[name]), name));
        Assert.False(HuggingFaceCache.ExistingFile(folder.Path));
        File.Delete(file);
        Assert.All(["file", "one", "two"], name => Assert.False(HuggingFaceCache.ExistingFile(folder[name]), name));
    }
}
