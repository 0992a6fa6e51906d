using System.Text.Encodings.Web;
using System.Text.Json;
using GptQuantBench.Reporting.Json;

namespace GptQuantBench.Reporting.Comparison;

/// <summary>Comparisons as UTF-8 JSON.</summary>
public static class ComparisonJson
{
    private static readonly JsonWriterOptions _writerOptions = new()
    {
        Indented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The comparison with a final line break.</summary>
    public static byte[] Serialize(ReportComparison comparison)
    {
        ArgumentNullException.ThrowIfNull(comparison);
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, _writerOptions))
        {
            JsonSerializer.Serialize(writer, comparison, ComparisonJsonContext.Default.ReportComparison);
        }

        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }

    /// <summary>Reads a comparison.</summary>
    /// <exception cref="ReportFormatException">The file is missing, unreadable, or no comparison.</exception>
    public static ReportComparison Read(string path)
    {
        try
        {
            ReadOnlyMemory<byte> utf8 = JsonInput.Read(path, "Comparison");
            JsonInput.CheckSizes(utf8.Span, path, "Comparison");
            using JsonDocument document = JsonDocument.Parse(utf8);
            return JsonInput.NullInList(document.RootElement) is { } place
                ? throw new JsonException($"null at ${place}")
                : document.RootElement.Deserialize(ComparisonJsonContext.Default.ReportComparison) ?? throw new JsonException("null");
        }
        // Invalid operation: a string with half a surrogate pair.
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or JsonException or InvalidOperationException)
        {
            throw new ReportFormatException(
                $"Comparison '{path}' cannot be read: expected the output of compare --format json over two runs of the same build; give such a file.", exception);
        }
    }
}
