using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Tests.Quantization;

public class QuantizationFormatTests
{
    [Theory]
    [InlineData("FP16", "fp16")]
    [InlineData("fp16", "fp16")]
    [InlineData("8-bit", "int8-row-sym")]
    [InlineData(" 8-BIT ", "int8-row-sym")]
    [InlineData("int8-row-sym", "int8-row-sym")]
    [InlineData("4-bit", "int4-g32-sym+mse")]
    [InlineData("int4-g32-sym", "int4-g32-sym")]
    [InlineData("INT4-G64-ASYM", "int4-g64-asym")]
    [InlineData("int4-g128-sym", "int4-g128-sym")]
    [InlineData("int8-g32-sym", "int8-g32-sym")]
    [InlineData("int4-g64-asym+mse", "int4-g64-asym+mse")]
    [InlineData("INT4-G128-SYM+GPTQ+HEAD8", "int4-g128-sym+gptq+head8")]
    [InlineData("int4-g32-sym+head8", "int4-g32-sym+head8")]
    public void A_label_or_a_name_is_understood_whatever_its_case(string text, string name)
    {
        Assert.Equal(name, QuantizationFormat.Parse(text).Name);
    }

    [Theory]
    [InlineData("fp61", "FP16")]
    [InlineData("8bit", "8-bit")]
    [InlineData("int4-g32-sim", "int4-g32-sym")]
    [InlineData("int4-g256-asym", "int4-g32-asym")]
    [InlineData("int4-g64-asym+msee", "int4-g64-asym+mse")]
    public void An_unknown_name_is_an_error_with_a_near_match(string text, string near)
    {
        ModelFormatException exception = Assert.Throws<ModelFormatException>(() => QuantizationFormat.Parse(text));
        Assert.Contains($"'{text}'", exception.Message, StringComparison.Ordinal);
        Assert.Contains($"did you mean '{near}'", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("int4-row-sym", "groups of 32, 64 or 128")]
    [InlineData("int8-g32-asym", "8-bit codes are symmetric")]
    [InlineData("int8-row-sym+mse", "rounded plainly")]
    public void A_combination_that_is_not_offered_says_why(string text, string reason)
    {
        Assert.Contains(reason, Assert.Throws<ModelFormatException>(() => QuantizationFormat.Parse(text)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_format_is_parsed_back_from_its_name_and_its_label()
    {
        foreach (QuantizationFormat plain in QuantizationFormat.All)
        {
            QuantizationFormat[] formats = plain.Bits == 4
                ? [.. from search in Enum.GetValues<ScaleSearch>() from head in new[] { false, true } select plain with { Search = search, HasEightBitHead = head }]
                : [plain];
            Assert.All(formats, format =>
            {
                Assert.Equal(format, QuantizationFormat.Parse(format.Name));
                Assert.Equal(format, QuantizationFormat.Parse(format.Label));
            });
        }
    }

    [Theory]
    [InlineData("int4-g32-sym+mse+head8", "wte.weight", "8-bit")]
    [InlineData("int4-g32-sym+mse+head8", "h.3.mlp.c_fc.weight", "4-bit")]
    [InlineData("int4-g32-sym+mse+head8", "wpe.weight", "FP16")]
    [InlineData("4-bit", "wte.weight", "4-bit")]
    public void Each_matrix_has_its_own_format(string format, string weight, string expected)
    {
        WeightSpec spec = new Gpt2Architecture().Weights(ModelCatalogue.Get("gpt2").Configuration).Single(spec => spec.Name == weight);
        Assert.Equal(expected, QuantizationFormat.Parse(format).Of(spec).Label);
    }

    /// <summary>gpt2: 84,934,656 weights in layers at 4.5 bits, 38,597,376 in the embedding at 8 bits and a scale of 32 for each 768.</summary>
    [Fact]
    public void An_eight_bit_head_counts_in_the_bits_of_the_model()
    {
        IReadOnlyList<WeightSpec> weights = new Gpt2Architecture().Weights(ModelCatalogue.Get("gpt2").Configuration);
        double expected = ((84_934_656 * 4.5) + (38_597_376 * (8 + (32 / 768.0)))) / (84_934_656 + 38_597_376);
        Assert.Equal(expected, QuantizationFormat.Parse("int4-g32-sym+head8").BitsPerWeight(weights), 12);
        Assert.Equal(4.5, QuantizationFormat.FourBit.BitsPerWeight(weights), 12);
    }

    [Fact]
    public void A_name_that_is_near_nothing_lists_what_there_is()
    {
        ModelFormatException exception = Assert.Throws<ModelFormatException>(() => QuantizationFormat.Parse("completely-else"));
        Assert.DoesNotContain("did you mean", exception.Message, StringComparison.Ordinal);
        Assert.Contains("FP16, 8-bit, 4-bit", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("FP16", 768, 16.0)]
    [InlineData("FP16", 33, 16.0 * 64 / 33)]
    [InlineData("8-bit", 768, 8.0 + (32.0 / 768))]
    [InlineData("int8-g32-sym", 768, 8.5)]
    [InlineData("4-bit", 768, 4.5)]
    [InlineData("int4-g32-asym", 768, 5.0)]
    [InlineData("int4-g64-sym", 768, 4.25)]
    [InlineData("int4-g128-asym", 768, 4.25)]
    [InlineData("int4-g128-asym", 192, 4.0 + (2 * 32.0 / 192))]
    [InlineData("4-bit", 40, ((64 * 4) + (2 * 16)) / 40.0)]
    public void Bits_per_weight_are_exact(string format, int columns, double bits)
    {
        Assert.Equal(bits, QuantizationFormat.Parse(format).BitsPerWeight(columns), 12);
    }

    [Fact]
    public void Bytes_are_codes_scales_and_minima()
    {
        Assert.Equal(10L * 3072 * 2, QuantizationFormat.Fp16.Bytes(10, 3072));
        Assert.Equal((10L * 3072) + (10 * 4), QuantizationFormat.EightBit.Bytes(10, 3072));
        Assert.Equal((10L * 3072 / 2) + (10 * 96 * 2), QuantizationFormat.FourBit.Bytes(10, 3072));
        Assert.Equal((10L * 3072 / 2) + (10 * 24 * 4), QuantizationFormat.Parse("int4-g128-asym").Bytes(10, 3072));
    }

    [Theory]
    [InlineData("gpt2", "8-bit", 0.52)]
    [InlineData("gpt2", "4-bit", 0.30)]
    [InlineData("gpt2-medium", "8-bit", 0.52)]
    [InlineData("gpt2-medium", "4-bit", 0.30)]
    [InlineData("gpt2-large", "8-bit", 0.52)]
    [InlineData("gpt2-large", "4-bit", 0.30)]
    [InlineData("gpt2-xl", "8-bit", 0.52)]
    [InlineData("gpt2-xl", "4-bit", 0.30)]
    public void Quantised_weights_hold_at_most_the_promised_share_of_fp16(string model, string format, double share)
    {
        ModelConfiguration configuration = ModelCatalogue.Get(model).Configuration;
        long fp16 = ModelFootprint.Of(new Gpt2Architecture(), configuration, QuantizationFormat.Fp16).WeightBytes;
        long quantised = ModelFootprint.Of(new Gpt2Architecture(), configuration, QuantizationFormat.Parse(format)).WeightBytes;
        Assert.InRange((double)quantised / fp16, 0.25, share);
    }

    [Fact]
    public void The_footprint_of_gpt2_is_what_its_shapes_say()
    {
        ModelFootprint footprint = ModelFootprint.Of(
            new Gpt2Architecture(), ModelCatalogue.Get("gpt2").Configuration, QuantizationFormat.Fp16);
        const long vectors = (12 * ((4 * 768) + 2304 + 768 + 3072 + 768)) + (2 * 768);
        const long matrices = 12L * ((768 * 2304) + (768 * 768) + (2 * 768 * 3072));
        const long embedding = 50257L * 768;
        Assert.Equal(124_439_808, footprint.ParameterCount);
        Assert.Equal((2 * (matrices + embedding + (1024 * 768))) + (4 * vectors), footprint.WeightBytes);
        Assert.Equal(2 * (matrices + embedding + 768 + 768), footprint.BytesPerToken);
    }
}
