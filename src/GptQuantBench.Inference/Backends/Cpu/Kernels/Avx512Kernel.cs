using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace GptQuantBench.Inference.Backends.Cpu.Kernels;

/// <summary>512-bit vectors: AVX-512 F, BW, DQ and VL.</summary>
internal sealed class Avx512Kernel : LaneKernel<Avx512Lanes, Vector512<int>, Vector512<float>>
{
    /// <inheritdoc />
    public override string Name => "avx512";

    /// <inheritdoc />
    public override bool IsSupported => Avx512F.IsSupported && Avx512BW.IsSupported && Avx512DQ.IsSupported && Avx512F.VL.IsSupported;

    /// <inheritdoc />
    public override int PanelTokens => Tokens.MostInPanels;
}
