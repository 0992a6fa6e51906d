using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace GptQuantBench.Inference.Backends.Cpu.Kernels;

/// <summary>256-bit vectors: AVX2 and FMA.</summary>
internal sealed class Avx2Kernel : LaneKernel<Avx2Lanes, Vector256<int>, Vector256<float>>
{
    /// <inheritdoc />
    public override string Name => "avx2";

    /// <inheritdoc />
    public override bool IsSupported => Avx2.IsSupported && Fma.IsSupported;

    /// <inheritdoc />
    public override int PanelTokens => Tokens.Most;
}
