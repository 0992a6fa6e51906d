namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>What inputs are turned into before a product.</summary>
internal enum InputForm
{
    /// <summary>FP32 as they are, for weights that are unpacked to FP32.</summary>
    Float,

    /// <summary>FP32 times a power of two, for FP16 weights.</summary>
    Scaled,

    /// <summary>16-bit integers with a scale per block of 32, for 8-bit weights.</summary>
    Int16,

    /// <summary>8-bit integers with a scale per block of 32, for 4-bit weights.</summary>
    Int8,
}
