using System.Text.Json;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Quantization;

/// <summary>
/// What config.json says of a checkpoint whose matrices are stored packed: the object <c>quantization_config</c>, whose
/// <c>quant_method</c> keeps other programs from reading the codes as weights.
/// </summary>
/// <param name="Format">The format of the packed matrices.</param>
/// <param name="SourceSha256">SHA-256 of the weights that they were made from.</param>
/// <param name="CalibrationSha256">SHA-256 of the calibration text; null where none was used.</param>
public sealed record StoredQuantization(QuantizationFormat Format, string SourceSha256, string? CalibrationSha256)
{
    /// <summary>The key in config.json.</summary>
    public const string Key = "quantization_config";

    private const string Method = "gptquantbench";
    private const string MethodKey = "quant_method";
    private const string FormatKey = "format";
    private const string SourceKey = "source_sha256";
    private const string CalibrationKey = "calibration_sha256";

    /// <summary>
    /// The format that a load runs when <paramref name="requested"/> is asked for: the stored one for its own name or for the label of
    /// its number of bits.
    /// </summary>
    /// <exception cref="ModelFormatException">The stored codes are of another format.</exception>
    public QuantizationFormat Resolve(QuantizationFormat requested, string name) =>
        requested == Format || (requested.Bits == Format.Bits && (requested == QuantizationFormat.FourBit || requested == QuantizationFormat.EightBit))
            ? Format
            : throw new ModelFormatException(
                $"{name} holds weights quantised as {Format.Name}, from which {requested.Label} can't be made; "
                + $"choose {Format.Name}, or the model that it was made from.");

    /// <summary>Reads the object.</summary>
    /// <exception cref="ModelFormatException">It is not one that this program wrote.</exception>
    internal static StoredQuantization Read(JsonElement value, string file)
    {
        if (value.ValueKind != JsonValueKind.Object || Text(value, MethodKey) != Method)
        {
            throw new ModelFormatException(
                $"{file} has a {Key} that is not of {MethodKey} {Method}, expected weights that are not quantised yet (F32, F16 or BF16) or that "
                + "quantize wrote; use a model that this engine supports or correct the file.");
        }

        if (Text(value, FormatKey) is not { } format || Text(value, SourceKey) is not { } source)
        {
            throw new ModelFormatException($"{file} has a {Key} without {FormatKey} or {SourceKey}, expected both; run quantize again.");
        }

        return new(QuantizationFormat.Parse(format), source, Text(value, CalibrationKey));
    }

    /// <summary>Writes key and object.</summary>
    internal void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject(Key);
        json.WriteString(MethodKey, Method);
        json.WriteString(FormatKey, Format.Name);
        json.WriteString(SourceKey, SourceSha256);
        if (CalibrationSha256 is not null)
        {
            json.WriteString(CalibrationKey, CalibrationSha256);
        }

        json.WriteEndObject();
    }

    private static string? Text(JsonElement value, string key) =>
        value.TryGetProperty(key, out JsonElement text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;
}
