namespace GptQuantBench.Reporting.Json;

/// <summary>
/// Replaces a file's content in one step: a reader, or a process killed at any moment, finds the old content or the new, never
/// a part.
/// </summary>
internal static class AtomicFile
{
    /// <summary>Puts the content onto the disk beside the file, and not yet in its place.</summary>
    /// <returns>Path of the temporary file; a later call for the same file overwrites it.</returns>
    public static string Prepare(string path, ReadOnlySpan<byte> content)
    {
        // The same folder is the same file system: only there is a rename one step.
        string temporary = path + ".tmp";
        using var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None);
        try
        {
            stream.Write(content);
            stream.Flush(flushToDisk: true);
        }
        catch (IOException)
        {
            // A disk that is full should not stay fuller than it was.
            File.Delete(temporary);
            throw;
        }

        return temporary;
    }

    /// <summary>Puts the prepared content into the file's place.</summary>
    public static void Commit(string temporary, string path) => File.Move(temporary, path, overwrite: true);
}
