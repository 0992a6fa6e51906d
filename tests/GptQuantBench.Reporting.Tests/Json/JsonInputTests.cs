using System.IO.Pipes;
using System.Text.Json;
using GptQuantBench.Reporting.Json;
using GptQuantBench.Reporting.Tests.Support;
using Microsoft.Win32.SafeHandles;

namespace GptQuantBench.Reporting.Tests.Json;

public sealed class JsonInputTests
{
    [Theory]
    [InlineData("[]", null)]
    [InlineData("{\"a\": null, \"b\": {\"c\": null}}", null)]
    [InlineData("[null]", "[0]")]
    [InlineData("[1, [2, null]]", "[1][1]")]
    [InlineData("{\"a\": [1, 2], \"b\": {\"c\": [{\"d\": [0, 1, null]}, null]}}", ".b.c[0].d[2]")]
    public void TheFirstNullInAListHasItsPlace(string json, string? expected)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        Assert.Equal(expected, JsonInput.NullInList(document.RootElement));
    }

    [Fact]
    public void AFileIsReadAsItIs()
    {
        using var folder = new TemporaryFolder();
        string path = folder.FileNamed("a.json");
        File.WriteAllText(path, "[1, 2]");
        Assert.Equal("[1, 2]"u8.ToArray(), JsonInput.Read(path, "Report").ToArray());
        File.WriteAllText(path, "");
        Assert.Empty(JsonInput.Read(path, "Report").ToArray());
    }

    [Fact]
    public void AFileThatAnotherProgramHasOpenIsRead()
    {
        using var folder = new TemporaryFolder();
        string path = folder.FileNamed("a.json");
        using var other = new FileStream(path, FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        other.Write("[]"u8);
        other.Flush();
        Assert.Equal("[]"u8.ToArray(), JsonInput.Read(path, "Report").ToArray());
    }

    /// <summary>As in <c>compare old.json &lt;(command)</c>: a pipe has no length before it has ended.</summary>
    [Theory]
    [InlineData(3)]
    [InlineData(1_000_000)]
    [InlineData(JsonInput.LongestFile)]
    public async Task APipeIsReadToItsEnd(int length) => Assert.Equal(length, (await ReadPipeAsync(length)).Length);

    [Fact]
    public async Task APipeWithMoreThanIsReadIsRefused() => Assert.Contains(
        "has more than 16000000 bytes, the most that is read",
        (await Assert.ThrowsAsync<ReportFormatException>(() => ReadPipeAsync(JsonInput.LongestFile + 1))).Message,
        StringComparison.Ordinal);

    [Fact]
    public void WhatIsTooLargeIsNamedAsWhatItWasToBe()
    {
        string text = $"\"{new string('a', JsonInput.LongestText + 1)}\"";
        Assert.Equal(
            "Comparison 'a.json' has a text of 200001 bytes, expected at most 200000: shorten it.",
            Assert.Throws<ReportFormatException>(() => JsonInput.CheckSizes(System.Text.Encoding.UTF8.GetBytes(text), "a.json", "Comparison")).Message);
    }

    private static async Task<ReadOnlyMemory<byte>> ReadPipeAsync(int length)
    {
        Assert.SkipUnless(Directory.Exists("/proc/self/fd"), "This system shows no pipes as files.");
        var writer = new AnonymousPipeServerStream(PipeDirection.Out);
        // Open until the end: what was written stays there for a reader that comes late.
        using SafePipeHandle end = writer.ClientSafePipeHandle;
        Task<ReadOnlyMemory<byte>> read = Task.Run(() => JsonInput.Read($"/proc/self/fd/{end.DangerousGetHandle()}", "Report"));
        await writer.WriteAsync(new byte[length], TestContext.Current.CancellationToken);
        await writer.DisposeAsync();
        return await read;
    }
}
