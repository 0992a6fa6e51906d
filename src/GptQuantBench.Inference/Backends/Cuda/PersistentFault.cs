namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>Where a persistent launch was given up, as the kernel's fault word says it.</summary>
/// <param name="Wait">What was waited for.</param>
/// <param name="Layer">Transformer block, from 0; 0 where no block was waiting for one.</param>
/// <param name="Block">The thread block that gave up first.</param>
/// <param name="Step">Id of the launch that was being chosen, from 0.</param>
internal readonly record struct PersistentFault(PersistentWait Wait, int Layer, int Block, int Step)
{
    /// <summary>Reads the kernel's word; not 0.</summary>
    public static PersistentFault Of(ulong word) =>
        new((PersistentWait)(word & 0xFF), (int)(word >> 8) & 0xFFFFFF, (int)(word >> 32) & 0xFFFF, (int)(word >> 48));

    /// <summary>One sentence for users.</summary>
    public string Message =>
        $"The persistent decode kernel gave up waiting for {Wait} of layer {Layer} in block {Block} at step {Step}; "
        + $"raise {PersistentKernel.PatienceVariable} if a tool slows the device down, or choose the decode path graph.";
}
