namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>The weights of one transformer block of GPT-2.</summary>
internal sealed class Gpt2Block(CpuWeights weights, int layer)
{
    public LayerNormWeights AttentionNorm { get; } = new(weights, $"h.{layer}.ln_1");

    public LinearWeights QueryKeyValue { get; } = new(weights, $"h.{layer}.attn.c_attn");

    public LinearWeights AttentionOutput { get; } = new(weights, $"h.{layer}.attn.c_proj");

    public LayerNormWeights FeedForwardNorm { get; } = new(weights, $"h.{layer}.ln_2");

    public LinearWeights FeedForwardInput { get; } = new(weights, $"h.{layer}.mlp.c_fc");

    public LinearWeights FeedForwardOutput { get; } = new(weights, $"h.{layer}.mlp.c_proj");
}
