using System.Text.Json;
using System.Text.Json.Nodes;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Tests.Models;

public sealed class Gpt2ArchitectureTests
{
    private const string File = "folder/config.json";

    private static readonly Gpt2Architecture _architecture = new();

    [Fact]
    public void Sizes_are_read()
    {
        ModelConfiguration configuration = Read("n_inner", 100);
        Assert.Equal("gpt2", configuration.Architecture);
        Assert.Equal(3, configuration.LayerCount);
        Assert.Equal(5, configuration.HeadCount);
        Assert.Equal(40, configuration.EmbeddingSize);
        Assert.Equal(8, configuration.HeadSize);
        Assert.Equal(100, configuration.InnerSize);
        Assert.Equal(16, configuration.ContextLength);
        Assert.Equal(101, configuration.VocabularySize);
        Assert.Equal(1e-6f, configuration.LayerNormEpsilon);
    }

    [Fact]
    public void An_inner_size_of_null_is_four_times_the_embedding()
    {
        Assert.Equal(160, Read("n_inner", null).InnerSize);
        Assert.Equal(160, Read().InnerSize);
    }

    [Fact]
    public void An_absent_epsilon_is_that_of_transformers() => Assert.Equal(1e-5f, Read("layer_norm_epsilon", null).LayerNormEpsilon);

    [Fact]
    public void The_old_name_of_the_context_length_serves_alone()
    {
        JsonObject config = Config();
        config.Remove("n_positions");
        config["n_ctx"] = 32;
        Assert.Equal(32, Read(config).ContextLength);
    }

    [Fact]
    public void Both_names_of_the_context_length_must_agree()
    {
        Assert.Equal(16, Read("n_ctx", 16).ContextLength);
        Refuses("n_ctx", 8, "n_ctx = 8 and n_positions = 16");
    }

    [Theory]
    [InlineData("n_layer")]
    [InlineData("n_head")]
    [InlineData("n_embd")]
    [InlineData("n_positions")]
    [InlineData("vocab_size")]
    public void Sizes_must_be_there(string key)
    {
        JsonObject config = Config();
        config.Remove(key);
        Assert.Contains($"has no {key}", Error(config), StringComparison.Ordinal);
        Refuses(key, null, $"has no {key}");
    }

    [Theory]
    [InlineData("n_layer", "0")]
    [InlineData("n_layer", "-1")]
    [InlineData("n_layer", "1025")]
    [InlineData("n_layer", "1.5")]
    [InlineData("n_layer", "\"3\"")]
    [InlineData("n_layer", "true")]
    [InlineData("n_head", "0")]
    [InlineData("n_embd", "65537")]
    [InlineData("n_embd", "99999999999999999999")]
    [InlineData("n_inner", "0")]
    [InlineData("n_inner", "1048577")]
    [InlineData("n_positions", "1048577")]
    [InlineData("vocab_size", "16777217")]
    [InlineData("vocab_size", "[101]")]
    public void Sizes_must_be_whole_numbers_in_range(string key, string json) =>
        Refuses(key, JsonNode.Parse(json), key, "expected a whole number from 1 to");

    [Theory]
    [InlineData("0")]
    [InlineData("-1e-5")]
    [InlineData("2")]
    [InlineData("1e-60")]
    [InlineData("1e400")]
    [InlineData("\"1e-5\"")]
    public void Epsilon_must_be_small_and_positive(string json) =>
        Refuses("layer_norm_epsilon", JsonNode.Parse(json), "layer_norm_epsilon", "greater than 0");

    [Fact]
    public void Heads_must_divide_the_embedding() => Refuses("n_head", 7, "n_embd = 40 and n_head = 7");

    [Fact]
    public void Tensors_too_large_to_address_are_refused()
    {
        JsonObject config = Config();
        config["vocab_size"] = 1 << 17;
        config["n_embd"] = 65536;
        config["n_head"] = 1;
        Assert.Contains("wte.weight 131072 × 65536", Error(config), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("activation_function", "\"gelu\"", "\"gelu_new\"")]
    [InlineData("activation_function", "\"relu\"", "\"gelu_new\"")]
    [InlineData("activation_function", "1", "\"gelu_new\"")]
    [InlineData("model_type", "\"gptj\"", "\"gpt2\"")]
    [InlineData("scale_attn_weights", "false", "true")]
    [InlineData("scale_attn_by_inverse_layer_idx", "true", "false")]
    [InlineData("add_cross_attention", "true", "false")]
    [InlineData("is_encoder_decoder", "true", "false")]
    [InlineData("tie_word_embeddings", "false", "true")]
    [InlineData("tie_word_embeddings", "1", "true")]
    public void What_the_engine_cannot_do_is_refused_by_name(string key, string json, string expected) =>
        Refuses(key, JsonNode.Parse(json), key, $"expected {expected}");

    [Fact]
    public void A_quantised_checkpoint_is_refused() => Refuses("quantization_config", new JsonObject(), "quantization_config");

    [Theory]
    [InlineData("reorder_and_upcast_attn", "true")]
    [InlineData("activation_function", "\"gelu_new\"")]
    [InlineData("scale_attn_weights", "true")]
    [InlineData("tie_word_embeddings", "true")]
    [InlineData("tie_word_embeddings", "null")]
    [InlineData("attn_pdrop", "0.1")]
    public void What_changes_nothing_is_accepted(string key, string json) => Assert.Equal(3, Read(key, JsonNode.Parse(json)).LayerCount);

    [Fact]
    public void Weights_have_the_names_and_shapes_of_the_checkpoint()
    {
        IReadOnlyList<WeightSpec> specs = _architecture.Weights(ModelCatalogue.Get("gpt2").Configuration);
        Assert.Equal((12 * 12) + 4, specs.Count);
        Assert.Equal(new WeightSpec("wte.weight", WeightRole.TokenEmbedding, 50257, 768, false), specs[0]);
        Assert.Equal(new WeightSpec("wpe.weight", WeightRole.PositionEmbedding, 1024, 768, false), specs[1]);
        Assert.Contains(new WeightSpec("h.11.attn.c_attn.weight", WeightRole.Matrix, 768, 2304, true), specs);
        Assert.Contains(new WeightSpec("h.0.attn.c_attn.bias", WeightRole.Bias, 2304, 1, false), specs);
        Assert.Contains(new WeightSpec("h.5.mlp.c_proj.weight", WeightRole.Matrix, 3072, 768, true), specs);
        Assert.Equal(new WeightSpec("ln_f.bias", WeightRole.Norm, 768, 1, false), specs[^1]);
        Assert.Equal(specs.Count, specs.Select(spec => spec.Name).Distinct().Count());
    }

    [Theory]
    [InlineData("h.0.attn.c_attn.weight", "h.0.attn.c_attn.weight")]
    [InlineData("transformer.h.0.attn.c_attn.weight", "h.0.attn.c_attn.weight")]
    [InlineData("transformer.wte.weight", "wte.weight")]
    [InlineData("h.11.attn.bias", null)]
    [InlineData("transformer.h.3.attn.masked_bias", null)]
    [InlineData("lm_head.weight", null)]
    [InlineData("h.0.attn.c_attn.bias", "h.0.attn.c_attn.bias")]
    [InlineData("h.attn.bias", "h.attn.bias")]
    [InlineData("h.x.attn.bias", "h.x.attn.bias")]
    [InlineData("transformer.transformer.wte.weight", "transformer.wte.weight")]
    public void Names_lose_their_prefix_and_masks_their_meaning(string stored, string? canonical) =>
        Assert.Equal(canonical, _architecture.CanonicalName(stored));

    [Fact]
    public void The_trained_fixture_has_a_known_configuration()
    {
        using var document = JsonDocument.Parse(System.IO.File.ReadAllText(Path.Combine(Fixtures.Gpt2Nano, "config.json")));
        ModelConfiguration configuration = _architecture.ReadConfiguration(document.RootElement, File);
        Assert.Equal(768, configuration.InnerSize);
        Assert.Equal(12_515_520, ModelArchitectures.ParameterCount(configuration));
    }

    private static JsonObject Config() => new()
    {
        ["model_type"] = "gpt2",
        ["n_layer"] = 3,
        ["n_head"] = 5,
        ["n_embd"] = 40,
        ["n_positions"] = 16,
        ["vocab_size"] = 101,
        ["layer_norm_epsilon"] = 1e-6,
    };

    private static ModelConfiguration Read() => Read(Config());

    private static ModelConfiguration Read(string key, JsonNode? value)
    {
        JsonObject config = Config();
        config[key] = value;
        return Read(config);
    }

    private static ModelConfiguration Read(JsonObject config)
    {
        using var document = JsonDocument.Parse(config.ToJsonString());
        return _architecture.ReadConfiguration(document.RootElement, File);
    }

    private static string Error(JsonObject config) => Assert.Throws<ModelFormatException>(() => Read(config)).Message;

    private static void Refuses(string key, JsonNode? value, params string[] parts)
    {
        JsonObject config = Config();
        config[key] = value;
        string message = Error(config);
        Assert.StartsWith(File, message, StringComparison.Ordinal);
        Assert.All(parts, part => Assert.Contains(part, message, StringComparison.Ordinal));
    }
}
