using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Json;

/// <summary>Reports as UTF-8 JSON: indented, lines end in LF, numbers independent of the machine's language.</summary>
public static class ReportJson
{
    private static readonly JsonWriterOptions _writerOptions = new()
    {
        Indented = true,
        NewLine = "\n",
        // Generated text stays readable. Whoever puts the JSON into a web page must escape it there.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The report as <c>llm_benchmark_results.json</c> holds it, with a final line break.</summary>
    public static byte[] Serialize(RunReport report) => Serialize(report, ReportJsonContext.Default.RunReport);

    /// <summary>An evaluation as <c>evaluate --json</c> writes it, with a final line break.</summary>
    public static byte[] Serialize(EvaluationReport report) => Serialize(report, ReportJsonContext.Default.EvaluationReport);

    /// <summary>The evaluation that <see cref="Serialize(EvaluationReport)"/> wrote.</summary>
    internal static EvaluationReport ParseEvaluation(Stream utf8) =>
        JsonSerializer.Deserialize(utf8, ReportJsonContext.Default.EvaluationReport)!;

    /// <summary>The report that a file holds; the reference script's own files are reports too, with our keys missing.</summary>
    /// <param name="utf8">The file's bytes.</param>
    /// <param name="file">Path, for error messages.</param>
    /// <exception cref="ReportFormatException">The bytes are not a report that this version understands.</exception>
    public static RunReport Parse(ReadOnlyMemory<byte> utf8, string file)
    {
        ReadOnlySpan<byte> byteOrderMark = [0xEF, 0xBB, 0xBF];
        if (utf8.Span.StartsWith(byteOrderMark))
        {
            utf8 = utf8[byteOrderMark.Length..];
        }

        if (!Utf8.IsValid(utf8.Span))
        {
            throw new ReportFormatException(
                $"Report '{file}' is not UTF-8 text: expected a llm_benchmark_results.json; run the benchmark again.");
        }

        try
        {
            JsonInput.CheckSizes(utf8.Span, file, "Report");
            using JsonDocument document = JsonDocument.Parse(utf8);
            JsonElement results = ReportLayout.Check(document.RootElement, file);
            return document.RootElement.ValueKind == JsonValueKind.Array
                ? new RunReport { SchemaVersion = null, Results = results.Deserialize(ReportJsonContext.Default.IReadOnlyListCaseResult)! }
                : Complete(document.RootElement);
        }
        catch (JsonException exception) when (exception.Path is { } path)
        {
            throw new ReportFormatException(
                $"Report '{file}' has a wrong or missing value at {path}: expected what docs/report.schema.json says; "
                + "correct it or run the benchmark again.",
                exception);
        }
        catch (InvalidOperationException exception)
        {
            throw new ReportFormatException(
                $"Report '{file}' holds a string with half a surrogate pair: expected Unicode text; correct it or run the benchmark again.",
                exception);
        }
        catch (JsonException exception)
        {
            throw new ReportFormatException(
                $"Report '{file}' is not JSON (line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}): "
                + "expected a llm_benchmark_results.json; run the benchmark again.",
                exception);
        }
    }

    private static RunReport Complete(JsonElement root)
    {
        RunReport report = root.Deserialize(ReportJsonContext.Default.RunReport)!;
        return root.TryGetProperty(ReportLayout.SchemaVersionKey, out _) ? report : report with { SchemaVersion = null };
    }

    private static byte[] Serialize<T>(T report, JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(report);
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, _writerOptions))
        {
            JsonSerializer.Serialize(writer, report, type);
        }

        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }
}
