using System.Text;
using System.Text.Json.Serialization.Metadata;
using GptQuantBench.Reporting.Json;
using GptQuantBench.Reporting.Tests.Support;
using NJsonSchema;

namespace GptQuantBench.Reporting.Tests.Json;

public sealed class ReportSchemaKeysTests
{
    [Fact]
    public async Task EveryPropertyIsInTheSchemaAndEveryKeyOfTheSchemaIsAProperty()
    {
        JsonSchema schema = await ReportSchema.Load();
        List<string> differences = [];

        Compare(ReportJsonContext.Default.RunReport, schema, "$", differences);

        Assert.Empty(differences);
    }

    [Fact]
    public async Task SampleReportUsesEveryKeyOfTheSchema()
    {
        JsonSchema schema = await ReportSchema.Load();
        string json = Encoding.UTF8.GetString(ReportJson.Serialize(SampleReports.Full()));

        Assert.All(
            schema.Definitions.SelectMany(definition => definition.Value.Properties.Keys),
            key => Assert.Contains($"\"{key}\":", json, StringComparison.Ordinal));
    }

    [Fact]
    public async Task EveryKeyIsDescribed()
    {
        JsonSchema schema = await ReportSchema.Load();
        IEnumerable<JsonSchema> owners = [schema, .. schema.Definitions.Values];

        Assert.All(
            owners.SelectMany(owner => owner.Properties),
            property => Assert.NotEmpty(property.Value.Description ?? property.Value.ActualSchema.Description ?? ""));
    }

    private static void Compare(JsonTypeInfo type, JsonSchema schema, string path, List<string> differences)
    {
        if (type.Kind == JsonTypeInfoKind.Enumerable)
        {
            Compare(ReportJsonContext.Default.GetTypeInfo(type.ElementType!)!, schema.Item!.ActualSchema, path + "[]", differences);
            return;
        }

        if (type.Kind != JsonTypeInfoKind.Object)
        {
            return;
        }

        HashSet<string> keys = [.. type.Properties.Select(property => property.Name)];
        differences.AddRange(keys.Except(schema.Properties.Keys).Select(key => $"{path}.{key} is not in the schema"));
        differences.AddRange(schema.Properties.Keys.Except(keys).Select(key => $"{path}.{key} is no property"));
        foreach (JsonPropertyInfo property in type.Properties.Where(property => schema.Properties.ContainsKey(property.Name)))
        {
            JsonTypeInfo inner = ReportJsonContext.Default.GetTypeInfo(property.PropertyType)!;
            Compare(inner, schema.Properties[property.Name].ActualSchema, $"{path}.{property.Name}", differences);
        }
    }
}
