namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>What becomes of a tiled product; <c>TiledEnd</c> of tiled.cuh.</summary>
internal enum TiledEnd
{
    /// <summary>FP32 [tokens, rows].</summary>
    Product,

    /// <summary>Added to FP32 [tokens, rows].</summary>
    Residual,

    /// <summary>GELU, FP16 [tokens, outputPitch].</summary>
    Gelu,
}
