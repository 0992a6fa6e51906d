using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Tests.Checkpoints;

public sealed class SafetensorsWriterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Parts_of_tensors_stand_where_the_layout_says()
    {
        SafetensorsLayout layout = new([("a", "U8", [3]), ("b", "U8", [2, 3])], new Dictionary<string, string> { ["k"] = "v" });
        string path = _folder["x.safetensors"];
        File.WriteAllText(path, "what was there before");
        using (SafetensorsWriter writer = new(path, layout))
        {
            writer.Write(layout.Entries[1], 4, [14, 15]);
            writer.Write(layout.Entries[0], 0, [1, 2, 3]);
            writer.Write(layout.Entries[1], 0, [10, 11, 12, 13]);
            Assert.Equal("what was there before", File.ReadAllText(path));
            writer.Commit();
        }

        byte[] file = File.ReadAllBytes(path);
        Assert.Equal([.. layout.Header, 1, 2, 3, 10, 11, 12, 13, 14, 15], file);
        Assert.Equal(["x.safetensors"], Directory.GetFiles(_folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void A_tensor_takes_its_own_bytes_and_none_more()
    {
        SafetensorsLayout layout = new([("a", "U8", [3]), ("b", "U8", [3])]);
        using SafetensorsWriter writer = new(_folder["x"], layout);
        Assert.Throws<ArgumentOutOfRangeException>(() => writer.Write(layout.Entries[0], 0, new byte[4]));
        Assert.Throws<ArgumentOutOfRangeException>(() => writer.Write(layout.Entries[0], 1, new byte[3]));
        Assert.Throws<ArgumentOutOfRangeException>(() => writer.Write(layout.Entries[1], -1, new byte[1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => writer.Write(layout.Entries[1], 0, new byte[4]));
        writer.Write(layout.Entries[0], 1, new byte[2]);
        writer.Write(layout.Entries[0], 3, []);
    }

    /// <summary>What another process writes at this moment, or under another name, is not touched.</summary>
    [Fact]
    public void Only_what_nobody_writes_any_more_is_removed()
    {
        (string Name, double Minutes)[] files =
            [("x.safetensors.1.tmp", 11), ("x.safetensors.2.tmp", 9), ("y.safetensors.3.tmp", 60), ("x.safetensors.tmp", 60), ("x.safetensors.4.bak", 60)];
        foreach ((string name, double minutes) in files)
        {
            File.WriteAllText(_folder[name], "");
            File.SetLastWriteTimeUtc(_folder[name], DateTime.UtcNow.AddMinutes(-minutes));
        }

        using (new SafetensorsWriter(_folder["x.safetensors"], new SafetensorsLayout([("a", "U8", [1])])))
        {
        }

        Assert.Equal(
            ["x.safetensors.2.tmp", "x.safetensors.4.bak", "x.safetensors.tmp", "y.safetensors.3.tmp"], Directory.GetFiles(_folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_folder_is_made_where_it_is_missing()
    {
        string path = Path.Combine(_folder.Path, "new", "folder", "x");
        SafetensorsLayout layout = new([("a", "U8", [1])]);
        using SafetensorsWriter writer = new(path, layout);
        writer.Write(layout.Entries[0], 0, [7]);
        writer.Commit();
        Assert.Equal(7, File.ReadAllBytes(path)[^1]);
    }

    [Fact]
    public void A_name_that_is_taken_by_a_folder_is_one_sentence()
    {
        Directory.CreateDirectory(_folder["x"]);
        SafetensorsLayout layout = new([("a", "U8", [1])]);
        using (SafetensorsWriter writer = new(_folder["x"], layout))
        {
            writer.Write(layout.Entries[0], 0, [7]);
            string message = Assert.Throws<ModelFormatException>(writer.Commit).Message;
            Assert.StartsWith($"{_folder["x"]} cannot be written (", message, StringComparison.Ordinal);
            Assert.EndsWith("), expected a folder that can be written to; change its permissions or choose another one with --artifacts.", message, StringComparison.Ordinal);
        }

        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void What_does_not_fit_is_not_begun()
    {
        SafetensorsLayout layout = new([("a", "F32", [1L << 50])]);
        long free = new DriveInfo(_folder.Path).AvailableFreeSpace;
        Assert.SkipWhen(free > layout.FileLength, "The disk would hold 4 EB.");
        string message = Assert.Throws<ModelFormatException>(() => new SafetensorsWriter(_folder["x"], layout)).Message;
        Assert.StartsWith($"{_folder["x"]} needs {layout.FileLength} bytes and its disk has ", message, StringComparison.Ordinal);
        Assert.EndsWith(" free; free some space or choose another folder with --artifacts.", message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    public void Dispose() => _folder.Dispose();
}
