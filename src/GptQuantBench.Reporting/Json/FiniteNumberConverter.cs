using System.Text.Json;
using System.Text.Json.Serialization;
using GptQuantBench.Reporting.Figures;

namespace GptQuantBench.Reporting.Json;

/// <summary>Figures in JSON: NaN and infinity are no figures, so they are written as null and refused when read.</summary>
internal sealed class FiniteNumberConverter : JsonConverter<double?>
{
    // The serializer answers null itself, and names the place of what is no number.
    public override double? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Ratio.Finite(reader.GetDouble()) ?? throw new JsonException();

    public override void Write(Utf8JsonWriter writer, double? value, JsonSerializerOptions options)
    {
        if (Ratio.Finite(value) is { } number)
        {
            writer.WriteNumberValue(number);
        }
        else
        {
            writer.WriteNullValue();
        }
    }
}
