using System.Diagnostics.CodeAnalysis;

namespace GptQuantBench.Cuda;

/// <summary><c>cublasMath_t</c>: the modes in use, which can be combined with <see cref="DisallowReducedPrecisionReduction"/>.</summary>
[Flags]
public enum CuBlasMathMode
{
    /// <summary>Tensor cores wherever the types allow.</summary>
    [SuppressMessage("Naming", "CA1008", Justification = "The library's own name.")]
    Default = 0,

    /// <summary>The compute type exactly, step by step.</summary>
    Pedantic = 2,

    /// <summary>FP32 products may use TF32 tensor cores.</summary>
    Tf32TensorOp = 3,

    /// <summary>Partial sums stay in the compute type, never in the narrower output type.</summary>
    DisallowReducedPrecisionReduction = 16,
}
