namespace GptQuantBench.Inference.Memory;

/// <summary>What fresh native memory holds.</summary>
public enum BufferFill
{
    /// <summary>Whatever the allocator left there; for buffers that are written completely before they are read.</summary>
    None,

    /// <summary>Zero bytes.</summary>
    Zero,

    /// <summary>Bytes 0xFF, which are NaN as FP32 and FP16: a value that is read without having been written shows.</summary>
    Poison,
}
