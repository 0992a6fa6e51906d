using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Tests.Checkpoints;

/// <summary>What is said of a file of a model that is not as it should be.</summary>
public sealed class ModelFilesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("[]", "its root is not an object")]
    [InlineData("1", "its root is not an object")]
    [InlineData("", "line 1, byte 1 is wrong")]
    [InlineData("{\n  \"a\": x}", "line 2, byte 8 is wrong")]
    [InlineData("{\"a\": 1, \"a\": 2}", "a key stands twice in one object")]
    [InlineData("{\"a\": \"\\ud800\"}", "it holds a string that is not valid Unicode")]
    public void What_is_no_object_says_where(string content, string what)
    {
        string path = _folder.Write("config.json", content);
        Assert.Equal(
            $"{path} is not a JSON object as expected: {what}; fetch or write it again.",
            Assert.Throws<ModelFormatException>(() => ModelFiles.ReadJsonObject(path, root => root.EnumerateObject().Select(property => property.Value.GetString()).ToArray())).Message);
    }

    /// <summary>A value of one byte costs sixteen once it is read.</summary>
    [Fact]
    public void A_file_has_at_most_two_million_bytes()
    {
        string path = _folder.Write("config.json", "{}".PadRight(2_000_000));
        Assert.Equal(7, ModelFiles.ReadJsonObject(path, _ => 7));
        File.WriteAllText(path, "{}".PadRight(2_000_001));
        Assert.Equal(
            $"{path} is not a JSON object as expected: it has 2000001 bytes, more than 2000000; fetch or write it again.",
            Assert.Throws<ModelFormatException>(() => ModelFiles.ReadJsonObject(path, _ => 7)).Message);
    }

    [Theory]
    [InlineData("none.json")]
    [InlineData("no/folder.json")]
    public void A_missing_file_is_named(string name)
    {
        string path = Path.Combine(_folder.Path, name);
        Assert.Equal(
            $"{path} does not exist, expected a file of the model there; check the path.", Assert.Throws<ModelFormatException>(() => ModelFiles.OpenRead(path)).Message);
    }

    [Fact]
    public void A_folder_is_no_file()
    {
        string message = Assert.Throws<ModelFormatException>(() => ModelFiles.OpenRead(_folder.Path)).Message;
        Assert.StartsWith($"{_folder.Path} cannot be read (Access to the path '{_folder.Path}' is denied), expected a readable file", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("No space left on device : '/a/b'", "No space left on device")]
    [InlineData("Access is denied.", "Access is denied")]
    [InlineData("One\nline. ", "One line")]
    public void A_reason_has_neither_path_nor_full_stop(string message, string expected) => Assert.Equal(expected, ModelFiles.Reason(new IOException(message)));

    [Fact]
    public void A_location_without_a_configuration_is_a_mistake_of_the_caller()
    {
        ModelLocation location = new() { Name = "x", WeightsFile = _folder["x"], Origin = WeightOrigin.Real };
        Assert.Equal("A location needs a configuration or its file.", Assert.Throws<InvalidOperationException>(location.ReadConfiguration).Message);
    }

    /// <summary>Synthetic weights that are there are checked as any others; those that are not yet have their configuration alone.</summary>
    [Fact]
    public void Weights_are_checked_where_they_are()
    {
        ModelLocation location = new()
        {
            Name = "x",
            WeightsFile = _folder["x.safetensors"],
            Configuration = TestCheckpoints.Tiny,
            Origin = WeightOrigin.Synthetic,
        };
        Assert.Equal(TestCheckpoints.Tiny, location.Validate());
        TestCheckpoints.Refuses(() => (location with { Origin = WeightOrigin.Real }).Validate(), "x.safetensors does not exist");
        File.WriteAllBytes(location.WeightsFile, [1, 2, 3]);
        TestCheckpoints.Refuses(() => location.Validate(), "it has 3 bytes, fewer than the 8");
    }

    public void Dispose() => _folder.Dispose();
}
