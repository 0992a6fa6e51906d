using NJsonSchema;

namespace GptQuantBench.Reporting.Tests.Support;

/// <summary>The schema that users get.</summary>
internal static class ReportSchema
{
    public static Task<JsonSchema> Load() =>
        JsonSchema.FromFileAsync(Repository.PathOf("docs", "report.schema.json"), TestContext.Current.CancellationToken);
}
