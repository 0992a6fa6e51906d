using System.Runtime.InteropServices;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>Where a sequence stands, in device memory; <c>DecodeState</c> of state.cuh, field for field.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct DecodeState
{
    /// <summary>Greatest key of the token being chosen: ordered logit in the high half, complement of the id in the low one.</summary>
    public ulong Best;

    /// <summary>Position of the first token of this pass.</summary>
    public int Position;

    /// <summary>Index of the id that this pass chooses.</summary>
    public int Step;

    /// <summary>Id that the next pass reads.</summary>
    public int Token;
}
