using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Models;

/// <summary>The sizes of a decoder-only transformer, whatever its architecture.</summary>
public sealed record ModelConfiguration
{
    /// <summary>The value of <c>model_type</c> in config.json, e.g. <c>gpt2</c>; a key of <see cref="ModelArchitectures"/>.</summary>
    public required string Architecture { get; init; }

    /// <summary>Number of transformer blocks (<c>n_layer</c>).</summary>
    public required int LayerCount { get; init; }

    /// <summary>Number of attention heads (<c>n_head</c>); divides <see cref="EmbeddingSize"/>.</summary>
    public required int HeadCount { get; init; }

    /// <summary>Width of the residual stream (<c>n_embd</c>).</summary>
    public required int EmbeddingSize { get; init; }

    /// <summary>Width of the feed-forward layer (<c>n_inner</c>; GPT-2's default is 4 × n_embd).</summary>
    public required int InnerSize { get; init; }

    /// <summary>Largest number of positions in a sequence (<c>n_positions</c>).</summary>
    public required int ContextLength { get; init; }

    /// <summary>Number of token ids (<c>vocab_size</c>).</summary>
    public required int VocabularySize { get; init; }

    /// <summary>The ε of layer normalisation (<c>layer_norm_epsilon</c>).</summary>
    public required float LayerNormEpsilon { get; init; }

    /// <summary>How the matrices are packed in the file; null for F32, F16 and BF16 weights.</summary>
    public StoredQuantization? Quantization { get; init; }

    /// <summary>Width of one attention head.</summary>
    public int HeadSize => EmbeddingSize / HeadCount;
}
