using System.Globalization;
using System.Text.Json;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Json;

/// <summary>Checks what must hold before a document can be read as a report: its shape, its version, no null inside a list.</summary>
internal static class ReportLayout
{
    public const string SchemaVersionKey = "schema_version";

    // Rows are compared with each other. All models in all formats are some hundred.
    private const int MostCases = 2000;

    /// <summary>The list of cases.</summary>
    /// <exception cref="ReportFormatException">The document is not a report that this version understands.</exception>
    public static JsonElement Check(JsonElement root, string file)
    {
        JsonElement results = root;
        if (root.ValueKind == JsonValueKind.Object)
        {
            CheckVersion(root, file);
            if (!root.TryGetProperty("results", out results))
            {
                throw new ReportFormatException(
                    $"Report '{file}' has no key 'results': expected the list of cases; give a llm_benchmark_results.json.");
            }
        }

        if (results.ValueKind != JsonValueKind.Array)
        {
            throw new ReportFormatException(
                $"Report '{file}' holds {Name(results.ValueKind)} where the list of cases belongs; give a llm_benchmark_results.json.");
        }

        if (results.GetArrayLength() > MostCases)
        {
            throw new ReportFormatException(
                $"Report '{file}' has more than {MostCases.ToString(CultureInfo.InvariantCulture)} cases, the most that is read: give the JSON of a single run.");
        }

        CheckNoNullInLists(root, file);
        CheckRequiredKeys(results, file);
        return results;
    }

    private static void CheckVersion(JsonElement root, string file)
    {
        if (!root.TryGetProperty(SchemaVersionKey, out JsonElement version))
        {
            return;
        }

        string? text = version.ValueKind == JsonValueKind.String ? version.GetString() : null;
        if (Major(text) is not { } major)
        {
            throw new ReportFormatException(
                $"Report '{file}' has a schema_version that is no version: "
                + $"expected a string like \"{RunReport.CurrentSchemaVersion}\"; run the benchmark again.");
        }

        if (major != Major(RunReport.CurrentSchemaVersion))
        {
            throw new ReportFormatException(
                $"Report '{file}' has schema_version {text}, and this program reads {RunReport.CurrentSchemaVersion}: "
                + "use the version of GptQuantBench that wrote it, or run the benchmark again.");
        }
    }

    private static int? Major(string? version) =>
        version?.Split('.') is [var major, var minor]
        && int.TryParse(major, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
        && int.TryParse(minor, NumberStyles.None, CultureInfo.InvariantCulture, out _)
            ? number
            : null;

    private static void CheckNoNullInLists(JsonElement root, string file)
    {
        if (JsonInput.NullInList(root) is { } place)
        {
            throw new ReportFormatException(
                $"Report '{file}' has null at ${place}: expected a value in every place of a list; correct it or run the benchmark again.");
        }
    }

    private static void CheckRequiredKeys(JsonElement results, string file)
    {
        int number = 1;
        foreach (JsonElement result in results.EnumerateArray())
        {
            string? missing = result.ValueKind != JsonValueKind.Object
                ? null
                : ReportJsonContext.Default.CaseResult.Properties
                    .Where(property => property.IsRequired)
                    .Select(property => property.Name)
                    .FirstOrDefault(key => !result.TryGetProperty(key, out _));
            if (missing is not null)
            {
                throw new ReportFormatException(
                    $"Report '{file}' has no key '{missing}' in case {number.ToString(CultureInfo.InvariantCulture)} of its results: "
                    + "expected it in every case; correct it or run the benchmark again.");
            }

            number++;
        }
    }

    private static string Name(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "a truth value",
    };
}
