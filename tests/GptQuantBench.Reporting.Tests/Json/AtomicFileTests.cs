using GptQuantBench.Reporting.Json;
using GptQuantBench.Reporting.Tests.Support;

namespace GptQuantBench.Reporting.Tests.Json;

public sealed class AtomicFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void PreparedContentIsOnTheDiskBesideTheFile()
    {
        string path = _folder.FileNamed("report.json");
        File.WriteAllText(path, "old");
        string temporary = AtomicFile.Prepare(path, "new"u8);

        Assert.Equal(path + ".tmp", temporary);
        Assert.Equal(("old", "new"), (File.ReadAllText(path), File.ReadAllText(temporary)));

        AtomicFile.Commit(temporary, path);
        Assert.Equal("new", File.ReadAllText(path));
        Assert.Equal(["report.json"], _folder.Files());
    }

    [Fact]
    public void AShorterContentLeavesNothingOfALongerOne()
    {
        string path = _folder.FileNamed("report.json");
        AtomicFile.Prepare(path, "something long"u8);
        Assert.Equal("short", File.ReadAllText(AtomicFile.Prepare(path, "short"u8)));
    }

    /// <summary>What does not fit into the stream's buffer fails when it is written, what does fails when it is flushed.</summary>
    [Theory]
    [InlineData(10)]
    [InlineData(100_000)]
    public void OnAFullDiskTheFileStaysAndThePartGoes(int length)
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "This system has no /dev/full, a disk that is always full.");
        string path = _folder.FileNamed("report.json");
        File.WriteAllText(path, "old");
        File.CreateSymbolicLink(path + ".tmp", "/dev/full");

        Assert.ThrowsAny<IOException>(() => AtomicFile.Prepare(path, new byte[length]));
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Equal(["report.json"], _folder.Files());
    }

    public void Dispose() => _folder.Dispose();
}
