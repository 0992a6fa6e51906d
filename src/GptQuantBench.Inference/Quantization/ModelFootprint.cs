using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Quantization;

/// <summary>
/// Exact bytes of a model's weights in a format, from its shapes alone: what a load will hold, and what a step must read.
/// </summary>
/// <param name="WeightBytes">All weight tables: packed matrices and embeddings, FP16 positions, FP32 norms and biases.</param>
/// <param name="BytesPerToken">What one decode step must read: every matrix, the tied output head, one row of each embedding.</param>
/// <param name="ParameterCount">Number of weights.</param>
public sealed record ModelFootprint(long WeightBytes, long BytesPerToken, long ParameterCount)
{
    /// <summary>The footprint of a model.</summary>
    public static ModelFootprint Of(IModelArchitecture architecture, ModelConfiguration configuration, QuantizationFormat format)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        long weights = 0, perToken = 0, parameters = 0;
        foreach (WeightSpec spec in architecture.Weights(configuration))
        {
            parameters += spec.Count;
            if (spec.IsVector)
            {
                weights += spec.Count * sizeof(float);
                continue;
            }

            QuantizationFormat own = format.Of(spec);
            long bytes = own.Bytes(spec.OutputCount, spec.InputCount);
            long row = bytes / spec.OutputCount;
            weights += bytes;
            perToken += spec.Role switch
            {
                WeightRole.TokenEmbedding => bytes + row,
                WeightRole.PositionEmbedding => row,
                _ => bytes,
            };
        }

        return new(weights, perToken, parameters);
    }
}
