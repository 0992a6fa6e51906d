namespace GptQuantBench.Inference.Models;

/// <summary>What a weight tensor is used for; decides whether a format quantises it.</summary>
public enum WeightRole
{
    /// <summary>A matrix of a linear layer; quantised.</summary>
    Matrix,

    /// <summary>Token embedding [vocabulary, embedding], often tied to the output head; quantised per row.</summary>
    TokenEmbedding,

    /// <summary>Learned positions [context, embedding]; kept in FP16.</summary>
    PositionEmbedding,

    /// <summary>Gain or bias of a normalisation; kept in FP32.</summary>
    Norm,

    /// <summary>Bias of a linear layer; kept in FP32.</summary>
    Bias,
}
