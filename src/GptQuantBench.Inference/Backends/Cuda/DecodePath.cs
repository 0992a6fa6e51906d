namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>How decode steps run on the device.</summary>
internal enum DecodePath
{
    /// <summary>One launch an operation, own kernels.</summary>
    Eager,

    /// <summary>Matrix products by cuBLAS (FP16 weights only), the rest own kernels, replayed as a graph.</summary>
    CuBlas,

    /// <summary>Five fused kernels a layer, replayed as a graph.</summary>
    Graph,

    /// <summary>One cooperative launch that chooses all ids of a generation.</summary>
    Persistent,
}
