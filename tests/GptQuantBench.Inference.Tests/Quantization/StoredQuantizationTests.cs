using System.Text;
using System.Text.Json;
using GptQuantBench.Inference.Quantization;
using GptQuantBench.Inference.Tests.Checkpoints;

namespace GptQuantBench.Inference.Tests.Quantization;

public class StoredQuantizationTests
{
    [Theory]
    [InlineData("int4-g64-asym+mse", "int4-g64-asym+mse")]
    [InlineData("int4-g64-asym+mse", "4-bit")]
    [InlineData("4-bit", "4-bit")]
    [InlineData("8-bit", "8-bit")]
    [InlineData("int8-g64-sym", "8-bit")]
    public void Its_own_name_and_the_label_of_its_bits_are_what_is_stored(string stored, string requested) =>
        Assert.Equal(QuantizationFormat.Parse(stored), Stored(stored).Resolve(QuantizationFormat.Parse(requested), "folder"));

    [Theory]
    [InlineData("int4-g64-asym+mse", "8-bit", "8-bit")]
    [InlineData("int4-g64-asym+mse", "FP16", "FP16")]
    [InlineData("int4-g64-asym+mse", "int4-g32-sym", "int4-g32-sym")]
    [InlineData("8-bit", "4-bit", "4-bit")]
    [InlineData("8-bit", "int8-g32-sym", "int8-g32-sym")]
    public void Another_format_cannot_be_made_of_codes(string stored, string requested, string label)
    {
        string name = QuantizationFormat.Parse(stored).Name;
        TestCheckpoints.Refuses(
            () => Stored(stored).Resolve(QuantizationFormat.Parse(requested), "folder"),
            $"folder holds weights quantised as {name}, from which {label} can't be made; choose {name}, or the model that it was made from.");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("cd")]
    public void What_is_written_is_read(string? calibration)
    {
        StoredQuantization stored = new(QuantizationFormat.FourBit, "ab", calibration);
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream))
        {
            json.WriteStartObject();
            stored.Write(json);
            json.WriteEndObject();
        }

        string text = Encoding.UTF8.GetString(stream.ToArray());
        string last = calibration is null ? "" : ",\"calibration_sha256\":\"cd\"";
        Assert.Equal(
            $"{{\"quantization_config\":{{\"quant_method\":\"gptquantbench\",\"format\":\"int4-g32-sym+mse\",\"source_sha256\":\"ab\"{last}}}}}",
            text.Replace("\\u002B", "+", StringComparison.Ordinal));
        Assert.Equal(stored, Read(JsonDocument.Parse(text).RootElement.GetProperty(StoredQuantization.Key).GetRawText()));
    }

    [Theory]
    [InlineData("[]", "is not of quant_method gptquantbench")]
    [InlineData("\"gptquantbench\"", "is not of quant_method gptquantbench")]
    [InlineData("{}", "is not of quant_method gptquantbench")]
    [InlineData("""{"quant_method": 1}""", "is not of quant_method gptquantbench")]
    [InlineData("""{"quant_method": "bitsandbytes", "format": "4-bit", "source_sha256": "ab"}""", "is not of quant_method gptquantbench")]
    [InlineData("""{"quant_method": "gptquantbench", "source_sha256": "ab"}""", "without format or source_sha256, expected both; run quantize again.")]
    [InlineData("""{"quant_method": "gptquantbench", "format": "4-bit"}""", "without format or source_sha256, expected both; run quantize again.")]
    [InlineData("""{"quant_method": "gptquantbench", "format": 4, "source_sha256": "ab"}""", "without format or source_sha256, expected both; run quantize again.")]
    public void What_quantize_did_not_write_is_one_sentence(string json, string part) => TestCheckpoints.Refuses(() => Read(json), "config.json has a quantization_config", part);

    private static StoredQuantization Stored(string name) => new(QuantizationFormat.Parse(name), "ab", null);

    private static StoredQuantization Read(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return StoredQuantization.Read(document.RootElement, "config.json");
    }
}
