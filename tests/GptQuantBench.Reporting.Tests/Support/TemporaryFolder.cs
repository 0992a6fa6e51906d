namespace GptQuantBench.Reporting.Tests.Support;

/// <summary>A folder of its own for one test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gptquantbench-");

    public string FileNamed(params string[] parts) => Path.Combine([_folder.FullName, .. parts]);

    public string[] Files() => [.. _folder.GetFiles("*", SearchOption.AllDirectories).Select(file => file.Name).Order()];

    public void Dispose() => _folder.Delete(recursive: true);
}
