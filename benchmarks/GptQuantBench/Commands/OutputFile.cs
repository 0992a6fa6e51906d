namespace GptQuantBench.Commands;

/// <summary>Writes results where the user wants them.</summary>
internal static class OutputFile
{
    /// <summary>Writes a text, making its folder.</summary>
    /// <exception cref="UserErrorException">It can't be written.</exception>
    public static void Write(string path, string text) => Write(path, System.Text.Encoding.UTF8.GetBytes(text));

    /// <summary>Writes bytes, making the folder.</summary>
    /// <exception cref="UserErrorException">They can't be written.</exception>
    public static void Write(string path, byte[] bytes)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            File.WriteAllBytes(path, bytes);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new UserErrorException($"'{path}' can't be written ({FailureText.Of(exception)}); name another folder with --out.", exception);
        }
    }
}
