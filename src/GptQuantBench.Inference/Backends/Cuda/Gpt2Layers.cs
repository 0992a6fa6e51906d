using GptQuantBench.Cuda;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>GPT-2's weights as a forward pass reads them.</summary>
internal sealed class Gpt2Layers
{
    public Gpt2Layers(CudaWeights weights, ModelConfiguration configuration)
    {
        TokenEmbedding = weights.Matrix("wte.weight");
        PositionEmbedding = weights.Matrix("wpe.weight");
        FinalNorm = new(weights, "ln_f");
        Blocks = [.. Enumerable.Range(0, configuration.LayerCount).Select(layer => new Block(weights, $"h.{layer}."))];
    }

    /// <summary>[vocabulary, embedding]; the output head too.</summary>
    public DeviceMatrix TokenEmbedding { get; }

    /// <summary>FP16 [context, embedding].</summary>
    public DeviceMatrix PositionEmbedding { get; }

    /// <summary>The norm before the output head.</summary>
    public Norm FinalNorm { get; }

    /// <summary>The transformer blocks.</summary>
    public Block[] Blocks { get; }

    /// <summary>Gain and shift of a layer norm, FP32 [embedding].</summary>
    internal readonly struct Norm(CudaWeights weights, string name)
    {
        public CudaDevicePointer Gain { get; } = weights.Vector(name + ".weight");

        public CudaDevicePointer Shift { get; } = weights.Vector(name + ".bias");
    }

    /// <summary>Matrix [out, in] and bias FP32 [out].</summary>
    internal readonly record struct Linear(DeviceMatrix Matrix, CudaDevicePointer Bias)
    {
        public Linear(CudaWeights weights, string name)
            : this(weights.Matrix(name + ".weight"), weights.Vector(name + ".bias"))
        {
        }
    }

    /// <summary>One block.</summary>
    internal sealed class Block(CudaWeights weights, string prefix)
    {
        public Norm AttentionNorm { get; } = new(weights, prefix + "ln_1");

        public Linear QueryKeyValue { get; } = new(weights, prefix + "attn.c_attn");

        public Linear AttentionOutput { get; } = new(weights, prefix + "attn.c_proj");

        public Norm FeedForwardNorm { get; } = new(weights, prefix + "ln_2");

        public Linear FeedForwardInput { get; } = new(weights, prefix + "mlp.c_fc");

        public Linear FeedForwardOutput { get; } = new(weights, prefix + "mlp.c_proj");
    }
}
