using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace GptQuantBench.Inference.Checkpoints;

/// <summary>Identifies weights in reports. Reads every byte: call it outside of any clock.</summary>
public static class WeightsHash
{
    private static readonly ConcurrentDictionary<(string Path, long Length, DateTime Written), byte[]> _known = new();

    /// <summary>
    /// SHA-256 in lower-case hexadecimal: of the safetensors file, or, for shards, of their binary SHA-256 values one after the other
    /// in the order of the shards' file names. A file whose length and time did not change is read once per process.
    /// </summary>
    /// <exception cref="Models.ModelFormatException">A file is missing or cannot be read.</exception>
    public static string Compute(ModelLocation location)
    {
        IReadOnlyList<string> files = SafetensorsCheckpoint.Files(location.WeightsFile);
        byte[] hash = files is [string single] && single == location.WeightsFile
            ? OfFile(single)
            : SHA256.HashData([.. files.SelectMany(OfFile)]);
        return Convert.ToHexStringLower(hash);
    }

    private static byte[] OfFile(string path)
    {
        using FileStream stream = ModelFiles.OpenRead(path);
        try
        {
            var key = (path, stream.Length, File.GetLastWriteTimeUtc(stream.SafeFileHandle));
            return _known.GetOrAdd(key, static (_, file) => HashStream(file), stream);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ModelFiles.Unreadable(path, e);
        }
    }

    private static byte[] HashStream(FileStream stream)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[1 << 20];
        int read;
        while ((read = stream.Read(buffer)) > 0)
        {
            hash.AppendData(buffer, 0, read);
        }

        return hash.GetHashAndReset();
    }
}
