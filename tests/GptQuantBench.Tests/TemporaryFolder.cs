namespace GptQuantBench.Tests;

/// <summary>A folder that is gone after the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    /// <summary>Absolute path.</summary>
    public string FullName { get; } = Directory.CreateTempSubdirectory("gptquantbench-test-").FullName;

    /// <summary>A path in the folder.</summary>
    public string this[string name] => Path.Combine(FullName, name);

    /// <summary>A copy of the small trained model that a test may spoil.</summary>
    public string CopyOfNano()
    {
        var copy = Directory.CreateDirectory(this["copy-of-nano"]).FullName;
        foreach (var name in new[] { "config.json", "model.safetensors" })
        {
            File.Copy(Path.Combine(Repository.Nano, name), Path.Combine(copy, name));
        }

        return copy;
    }

    /// <inheritdoc />
    public void Dispose() => Directory.Delete(FullName, recursive: true);
}
