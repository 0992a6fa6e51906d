using System.Globalization;
using System.Text.Json;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Models;

/// <summary>Reads single values of a config.json; every error names the file, the key, the value and what was expected.</summary>
/// <param name="root">The document's root object.</param>
/// <param name="file">Path, for messages.</param>
internal readonly struct ConfigurationReader(JsonElement root, string file)
{
    private const string OnlyValue = ", the only value that this engine can run";

    /// <summary>True where the key is there and not null.</summary>
    public bool Has(string key) => root.TryGetProperty(key, out JsonElement value) && value.ValueKind != JsonValueKind.Null;

    /// <summary>How the weights are packed; null where they are not.</summary>
    public StoredQuantization? Quantization() =>
        Has(StoredQuantization.Key) ? StoredQuantization.Read(root.GetProperty(StoredQuantization.Key), file) : null;

    /// <summary>A whole number from 1 to <paramref name="largest"/>.</summary>
    public int Size(string key, int largest)
    {
        if (!Has(key))
        {
            throw new ModelFormatException(
                $"{file} has no {key}, expected a whole number from 1 to {largest}; use the model's own config.json.");
        }

        JsonElement value = root.GetProperty(key);
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) && number >= 1 && number <= largest
            ? number
            : throw Wrong(key, value, $"a whole number from 1 to {largest}");
    }

    /// <summary>A positive number up to 1 that FP32 holds.</summary>
    public float Epsilon(string key, float absent)
    {
        if (!Has(key))
        {
            return absent;
        }

        JsonElement value = root.GetProperty(key);
        return value.ValueKind == JsonValueKind.Number && value.TryGetSingle(out float number) && number is > 0f and <= 1f
            ? number
            : throw Wrong(key, value, "a number greater than 0, at most 1");
    }

    /// <summary>Refuses any value but the one that the engine implements; a missing key means that value.</summary>
    public void RequireFlag(string key, bool expected)
    {
        if (Has(key) && root.GetProperty(key) is var value && value.ValueKind != (expected ? JsonValueKind.True : JsonValueKind.False))
        {
            throw Wrong(key, value, (expected ? "true" : "false") + OnlyValue);
        }
    }

    /// <summary>Refuses any string but the one that the engine implements; a missing key means that string.</summary>
    public void RequireText(string key, string expected)
    {
        if (Has(key) && root.GetProperty(key) is var value && !(value.ValueKind == JsonValueKind.String && value.ValueEquals(expected)))
        {
            throw Wrong(key, value, $"\"{expected}\"" + OnlyValue);
        }
    }

    /// <summary>The error of a value that is not what it must be.</summary>
    public ModelFormatException Wrong(string key, JsonElement value, string expected) =>
        Wrong(string.Create(CultureInfo.InvariantCulture, $"{key} = {Quoted.Json(value)}"), expected);

    /// <summary>The error of something that is not what it must be.</summary>
    public ModelFormatException Wrong(string found, string expected) =>
        new($"{file} has {found}, expected {expected}; use a model that this engine supports or correct the file.");
}
