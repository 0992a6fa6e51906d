using System.Text.Json;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Checkpoints;

/// <summary>Opens the files of a model; whatever goes wrong is one sentence about the file.</summary>
internal static class ModelFiles
{
    // The index of a model with a thousand tensors has 0.1 MB. A value of one byte costs sixteen once it is read.
    private const long LongestJson = 2_000_000;

    /// <summary>Opens a file for reading.</summary>
    /// <exception cref="ModelFormatException">It is missing or cannot be read.</exception>
    public static FileStream OpenRead(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ModelFormatException($"{path} does not exist, expected a file of the model there; check the path.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw Unreadable(path, e);
        }
    }

    /// <summary>Reads a small JSON file whose root is an object; a key that stands twice in an object is an error.</summary>
    /// <param name="path">The file.</param>
    /// <param name="read">Takes what it needs from the root object, which is gone afterwards.</param>
    /// <exception cref="ModelFormatException">It is missing, cannot be read, or is not a JSON object.</exception>
    public static T ReadJsonObject<T>(string path, Func<JsonElement, T> read)
    {
        using FileStream stream = OpenRead(path);
        if (stream.Length > LongestJson)
        {
            throw NotJson(path, $"it has {stream.Length} bytes, more than {LongestJson}", null);
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(stream, new JsonDocumentOptions { AllowDuplicateProperties = false });
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? read(document.RootElement)
                : throw NotJson(path, "its root is not an object", null);
        }
        catch (JsonException e) when (e.LineNumber is null)
        {
            throw NotJson(path, "a key stands twice in one object", e);
        }
        catch (JsonException e)
        {
            throw NotJson(path, $"line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1} is wrong", e);
        }
        catch (InvalidOperationException e)
        {
            throw NotJson(path, "it holds a string that is not valid Unicode", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(path, e);
        }
    }

    /// <summary>The error of a file that is there but cannot be read.</summary>
    public static ModelFormatException Unreadable(string path, Exception cause) =>
        new($"{path} cannot be read ({Reason(cause)}), expected a readable file; check its permissions and its disk.", cause);

    /// <summary>What the operating system said, without its full stop and without the path.</summary>
    public static string Reason(Exception cause)
    {
        string message = cause.Message.ReplaceLineEndings(" ");
        int path = message.IndexOf(" : '", StringComparison.Ordinal);
        return (path < 0 ? message : message[..path]).TrimEnd('.', ' ');
    }

    private static ModelFormatException NotJson(string path, string what, Exception? cause) =>
        new($"{path} is not a JSON object as expected: {what}; fetch or write it again.", cause);
}
