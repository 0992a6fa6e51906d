namespace GptQuantBench.Commands;

/// <summary>A folder that is gone after use, and when the process exits early (a signal, <c>--case-timeout</c>).</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    /// <summary>Creates the folder below the system's temporary folder.</summary>
    public TemporaryDirectory(string prefix)
    {
        FullName = Directory.CreateTempSubdirectory(prefix + "-").FullName;
        AppDomain.CurrentDomain.ProcessExit += Delete;
    }

    /// <summary>Absolute path.</summary>
    public string FullName { get; }

    /// <inheritdoc />
    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= Delete;
        Delete(this, EventArgs.Empty);
    }

    private void Delete(object? sender, EventArgs e)
    {
        try
        {
            Directory.Delete(FullName, recursive: true);
        }
        catch (IOException)
        {
            // A process that outlived its limit may still write here; the system clears its temporary folder.
        }
    }
}
