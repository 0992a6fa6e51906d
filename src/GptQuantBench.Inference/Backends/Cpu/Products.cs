namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>How quantised weights are multiplied with activations.</summary>
internal enum Products
{
    /// <summary>Codes become FP32, and so are activations: the reference.</summary>
    Float,

    /// <summary>
    /// Activations become 16-bit integers with a scale per block of 32 (<see cref="QuantizedActivations"/>), and codes stay integers:
    /// half the instructions. The error of an activation is 2^-16 of the largest in its block.
    /// </summary>
    Int16,
}
