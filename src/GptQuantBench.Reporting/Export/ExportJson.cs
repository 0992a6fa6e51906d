using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace GptQuantBench.Reporting.Export;

/// <summary>JSON text for other tools.</summary>
internal static class ExportJson
{
    /// <summary>What <paramref name="write"/> writes, indented, with a final line break.</summary>
    public static string Of(Action<Utf8JsonWriter> write)
    {
        using var stream = new MemoryStream();
        var options = new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using (var json = new Utf8JsonWriter(stream, options))
        {
            write(json);
        }

        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }
}
