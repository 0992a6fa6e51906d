using GptQuantBench.Cuda;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>Five kernels a layer: norm + QKV, attention, projection + residual, norm + up + GELU, down + residual.</summary>
internal sealed class FusedForwardPass(ModelConfiguration configuration, Gpt2Layers layers, KernelSet kernels, SequenceBuffers buffers) : IForwardPass
{
    private readonly LinearKernels _linear = kernels.Linear;

    /// <inheritdoc />
    public int MaxTokens { get; } = Math.Min(buffers.Rows, kernels.Linear.TokensPerPass(configuration.EmbeddingSize));

    /// <inheritdoc />
    public void QueueBlocks(CudaStream stream, int tokens)
    {
        for (int layer = 0; layer < layers.Blocks.Length; layer++)
        {
            Gpt2Layers.Block block = layers.Blocks[layer];
            LinearArguments arguments = Arguments(block.QueryKeyValue, tokens);
            Normalise(ref arguments, block.AttentionNorm, buffers.Residual);
            arguments.Output = buffers.Queries;
            arguments.Keys = buffers.Keys(layer);
            arguments.Values = buffers.Values(layer);
            _linear.Launch(_linear.NormHeads, stream, ref arguments);

            QueueAttention(stream, layer, block, tokens);

            arguments = Arguments(block.FeedForwardInput, tokens);
            Normalise(ref arguments, block.FeedForwardNorm, buffers.Residual);
            arguments.Output = buffers.Hidden;
            arguments.OutputPitch = buffers.HiddenPitch;
            _linear.Launch(_linear.NormGelu, stream, ref arguments);

            arguments = Arguments(block.FeedForwardOutput, tokens);
            arguments.Input = buffers.Hidden;
            arguments.Output = buffers.Residual;
            _linear.Launch(_linear.Residual, stream, ref arguments);
        }
    }

    /// <inheritdoc />
    public void QueueLogits(CudaStream stream, int first, int tokens)
    {
        LinearArguments arguments = new() { Matrix = layers.TokenEmbedding.View, State = buffers.State, Tokens = tokens };
        Normalise(ref arguments, layers.FinalNorm, buffers.Residual + ((long)first * configuration.EmbeddingSize * sizeof(float)));
        arguments.Output = buffers.Logits;
        _linear.Launch(_linear.NormLogits, stream, ref arguments);
    }

    /// <summary>One token's positions are cut into ranges, which the projection brings together; several tokens fill the device anyway.</summary>
    private void QueueAttention(CudaStream stream, int layer, Gpt2Layers.Block block, int tokens)
    {
        AttentionArguments attention = AttentionArguments.Of(configuration, buffers, layer) with
        {
            Partial = buffers.Partial,
            Weights = buffers.PartialWeights,
            State = buffers.State,
            Ranges = buffers.Ranges,
            RangeSize = SequenceBuffers.RangeSize,
        };
        LinearArguments arguments = Arguments(block.AttentionOutput, tokens);
        arguments.Output = buffers.Residual;
        if (tokens == 1)
        {
            kernels.Attention.LaunchPartial(stream, ref attention, tokens);
            arguments.Partial = buffers.Partial;
            arguments.Weights = buffers.PartialWeights;
            _linear.Launch(_linear.CombineResidual, stream, ref arguments);
        }
        else
        {
            kernels.Attention.LaunchWhole(stream, ref attention, tokens);
            arguments.Input = buffers.Attended;
            _linear.Launch(_linear.Residual, stream, ref arguments);
        }
    }

    private LinearArguments Arguments(in Gpt2Layers.Linear linear, int tokens) => new()
    {
        Matrix = linear.Matrix.View,
        Bias = linear.Bias,
        State = buffers.State,
        Tokens = tokens,
        Heads = configuration.HeadCount,
        HeadSize = configuration.HeadSize,
        HeadPitch = buffers.HeadPitch,
        Capacity = buffers.Capacity,
        Ranges = buffers.Ranges,
        RangeSize = SequenceBuffers.RangeSize,
        QueryScale = 1f / MathF.Sqrt(configuration.HeadSize),
    };

    private void Normalise(ref LinearArguments arguments, in Gpt2Layers.Norm norm, CudaDevicePointer residual)
    {
        arguments.Input = residual;
        arguments.Gain = norm.Gain;
        arguments.Shift = norm.Shift;
        arguments.Epsilon = configuration.LayerNormEpsilon;
    }
}
