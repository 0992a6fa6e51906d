namespace GptQuantBench.Inference.Checkpoints;

/// <summary>
/// A lock between processes: an open file that nobody else may open. It ends with the process, however that ends; the file stays,
/// because removing it would give two processes two locks. On Unix it is flock's, which other programs respect.
/// </summary>
public static class FileLock
{
    /// <summary>The lock, or null where another process has it.</summary>
    /// <exception cref="IOException">The file cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">The file must not be written.</exception>
    public static IDisposable? TryTake(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        }
        catch (IOException exception) when (IsHeld(exception))
        {
            return null;
        }
    }

    /// <summary>Windows: ERROR_SHARING_VIOLATION. Unix: EWOULDBLOCK, 11 on Linux and 35 on macOS.</summary>
    private static bool IsHeld(IOException exception) => exception.HResult is unchecked((int)0x80070020) or 11 or 35;
}
