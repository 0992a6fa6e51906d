using System.Text.Encodings.Web;
using System.Text.Json;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Quantization.Calibration;

/// <summary>What lies beside the weights of a quantised checkpoint.</summary>
internal static class QuantizedFolder
{
    private static readonly JsonWriterOptions _options = new()
    {
        Indented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Copies config.json with its <c>quantization_config</c>, and the vocabulary where the model has one.</summary>
    /// <exception cref="ModelFormatException">A file cannot be written, or config.json cannot be read.</exception>
    public static void WriteSmallFiles(ModelLocation location, string configurationFile, StoredQuantization stored, string folder)
    {
        byte[] configuration = ModelFiles.ReadJsonObject(configurationFile, root =>
        {
            using MemoryStream stream = new();
            using (Utf8JsonWriter json = new(stream, _options))
            {
                json.WriteStartObject();
                foreach (JsonProperty property in root.EnumerateObject())
                {
                    property.WriteTo(json);
                }

                stored.Write(json);
                json.WriteEndObject();
            }

            return stream.ToArray();
        });
        try
        {
            File.WriteAllBytes(Path.Combine(folder, ConfigurationFiles.FileName), [.. configuration, (byte)'\n']);
            foreach (string file in new[] { location.VocabularyFile, location.MergesFile }.OfType<string>())
            {
                File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ModelFormatException($"{folder} can't be written ({ModelFiles.Reason(exception)}), expected a folder for the checkpoint; name another one.", exception);
        }
    }
}
