using System.Runtime.Intrinsics;

namespace GptQuantBench.Inference.Backends.Cpu.Kernels;

/// <summary>128-bit vectors of the platform-neutral API: every CPU that .NET runs on.</summary>
internal sealed class PortableKernel : LaneKernel<PortableLanes, Vector128<int>, Vector128<float>>
{
    /// <inheritdoc />
    public override string Name => "portable";

    /// <inheritdoc />
    public override bool IsSupported => true;

    /// <inheritdoc />
    public override int PanelTokens => Tokens.Most;
}
