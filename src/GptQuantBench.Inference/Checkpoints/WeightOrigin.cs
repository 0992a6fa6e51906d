namespace GptQuantBench.Inference.Checkpoints;

/// <summary>Whether weights were trained or made up.</summary>
public enum WeightOrigin
{
    /// <summary>A checkpoint that the user has.</summary>
    Real,

    /// <summary>Seeded random weights of the exact shapes: speed and memory are real, quality is not.</summary>
    Synthetic,
}
