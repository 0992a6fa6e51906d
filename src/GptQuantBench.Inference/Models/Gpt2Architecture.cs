using System.Text.Json;

namespace GptQuantBench.Inference.Models;

/// <summary>
/// GPT-2 as transformers stores it (<c>GPT2LMHeadModel</c>): learned positions, pre-norm blocks, Conv1D matrices [in, out], gelu_new,
/// output head tied to the token embedding.
/// </summary>
public sealed class Gpt2Architecture : IModelArchitecture
{
    internal const string Type = "gpt2";

    private const string Prefix = "transformer.";

    // GPT2Config's initializer_range.
    private const float InitialDeviation = 0.02f;

    // Far above any GPT-2, low enough that nothing overflows or exhausts memory on a lying file.
    private const int MostLayers = 1024;
    private const int WidestEmbedding = 65536;
    private const int WidestInner = 1 << 20;
    private const int LongestContext = 1 << 20;
    private const int LargestVocabulary = 1 << 17;

    /// <inheritdoc />
    public string ModelType => Type;

    /// <inheritdoc />
    public ModelConfiguration ReadConfiguration(JsonElement root, string file)
    {
        var reader = new ConfigurationReader(root, file);
        reader.RequireText("model_type", Type);
        reader.RequireText("activation_function", "gelu_new");
        reader.RequireFlag("scale_attn_weights", true);
        reader.RequireFlag("scale_attn_by_inverse_layer_idx", false);
        reader.RequireFlag("add_cross_attention", false);
        reader.RequireFlag("is_encoder_decoder", false);
        reader.RequireFlag("tie_word_embeddings", true);
        int embedding = reader.Size("n_embd", WidestEmbedding);
        var configuration = new ModelConfiguration
        {
            Architecture = Type,
            LayerCount = reader.Size("n_layer", MostLayers),
            HeadCount = reader.Size("n_head", WidestEmbedding),
            EmbeddingSize = embedding,
            InnerSize = reader.Has("n_inner") ? reader.Size("n_inner", WidestInner) : 4 * embedding,
            ContextLength = ReadContext(reader),
            VocabularySize = reader.Size("vocab_size", LargestVocabulary),
            LayerNormEpsilon = reader.Epsilon("layer_norm_epsilon", 1e-5f),
            Quantization = reader.Quantization(),
        };

        if (embedding % configuration.HeadCount != 0)
        {
            throw reader.Wrong($"n_embd = {embedding} and n_head = {configuration.HeadCount}", "an n_embd that n_head divides");
        }

        foreach (WeightSpec spec in Weights(configuration))
        {
            if (spec.Count > int.MaxValue)
            {
                throw reader.Wrong(
                    $"sizes that make {spec.Name} {spec.Rows} × {spec.Columns}", $"tensors of at most {int.MaxValue} values");
            }
        }

        return configuration;
    }

    /// <inheritdoc />
    public IReadOnlyList<WeightSpec> Weights(ModelConfiguration configuration)
    {
        int width = configuration.EmbeddingSize;
        int inner = configuration.InnerSize;
        var specs = new List<WeightSpec>((configuration.LayerCount * 12) + 4)
        {
            new("wte.weight", WeightRole.TokenEmbedding, configuration.VocabularySize, width, IsInputMajor: false),
            new("wpe.weight", WeightRole.PositionEmbedding, configuration.ContextLength, width, IsInputMajor: false),
        };
        for (int layer = 0; layer < configuration.LayerCount; layer++)
        {
            string block = $"h.{layer}.";
            AddNorm(specs, block + "ln_1", width);
            AddLinear(specs, block + "attn.c_attn", width, 3 * width);
            AddLinear(specs, block + "attn.c_proj", width, width);
            AddNorm(specs, block + "ln_2", width);
            AddLinear(specs, block + "mlp.c_fc", width, inner);
            AddLinear(specs, block + "mlp.c_proj", inner, width);
        }

        AddNorm(specs, "ln_f", width);
        return specs;
    }

    /// <summary>
    /// The name without <c>transformer.</c>. Null for <c>h.N.attn.bias</c> and <c>h.N.attn.masked_bias</c> (causal masks that old
    /// versions of transformers stored), and for <c>lm_head.weight</c>: configurations with an untied head are refused, so it is a
    /// copy of <c>wte.weight</c>, which transformers ignores in the same way.
    /// </summary>
    public string? CanonicalName(string tensorName)
    {
        if (tensorName == "lm_head.weight")
        {
            return null;
        }

        string name = tensorName.StartsWith(Prefix, StringComparison.Ordinal) ? tensorName[Prefix.Length..] : tensorName;
        return IsMask(name) ? null : name;
    }

    /// <summary>GPT-2's initialisation, with small noise on norms and biases so that no tensor is constant.</summary>
    public WeightDistribution InitialValues(WeightSpec spec, ModelConfiguration configuration) => spec.Role switch
    {
        WeightRole.Norm => new(spec.Name.EndsWith(".weight", StringComparison.Ordinal) ? 1f : 0f, InitialDeviation),
        WeightRole.Bias => new(0f, InitialDeviation),
        // The residual stream adds two of these per layer (GPT-2 paper, section 2.3; transformers' _init_weights).
        _ when spec.Name.EndsWith(".c_proj.weight", StringComparison.Ordinal) =>
            new(0f, InitialDeviation / MathF.Sqrt(2 * configuration.LayerCount)),
        _ => new(0f, InitialDeviation),
    };

    /// <summary><c>n_positions</c>, under its old name <c>n_ctx</c> where only that is there.</summary>
    private static int ReadContext(ConfigurationReader reader)
    {
        if (!reader.Has("n_positions") && reader.Has("n_ctx"))
        {
            return reader.Size("n_ctx", LongestContext);
        }

        int positions = reader.Size("n_positions", LongestContext);
        if (reader.Has("n_ctx") && reader.Size("n_ctx", LongestContext) is var context && context != positions)
        {
            throw reader.Wrong($"n_ctx = {context} and n_positions = {positions}", "the same number under both names");
        }

        return positions;
    }

    private static void AddNorm(List<WeightSpec> specs, string name, int width)
    {
        specs.Add(new(name + ".weight", WeightRole.Norm, width, 1, IsInputMajor: false));
        specs.Add(new(name + ".bias", WeightRole.Norm, width, 1, IsInputMajor: false));
    }

    private static void AddLinear(List<WeightSpec> specs, string name, int inputs, int outputs)
    {
        specs.Add(new(name + ".weight", WeightRole.Matrix, inputs, outputs, IsInputMajor: true));
        specs.Add(new(name + ".bias", WeightRole.Bias, outputs, 1, IsInputMajor: false));
    }

    /// <summary>True for <c>h.N.attn.bias</c> and <c>h.N.attn.masked_bias</c>.</summary>
    private static bool IsMask(string name)
    {
        ReadOnlySpan<char> rest = name;
        if (!rest.StartsWith("h."))
        {
            return false;
        }

        rest = rest[2..];
        int digits = 0;
        while (digits < rest.Length && char.IsAsciiDigit(rest[digits]))
        {
            digits++;
        }

        return digits > 0 && rest[digits..] is ".attn.bias" or ".attn.masked_bias";
    }
}
