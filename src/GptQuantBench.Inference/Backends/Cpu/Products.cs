namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>How quantised weights are multiplied with activations.</summary>
internal enum Products
{
    /// <summary>Codes become FP32, and so are activations: the reference.</summary>
    Float,

    /// <summary>
    /// Codes stay integers, and activations become integers with a scale per block of 32: 16-bit ones for 8-bit codes, 8-bit ones for
    /// 4-bit codes (<see cref="InputRounding"/>).
    /// </summary>
    Integer,
}
