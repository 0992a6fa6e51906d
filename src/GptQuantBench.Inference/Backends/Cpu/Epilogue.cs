namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>What happens to the outputs of a matrix after the bias is added.</summary>
internal enum Epilogue
{
    /// <summary>y = W x + b.</summary>
    Overwrite,

    /// <summary>y = gelu(W x + b).</summary>
    Gelu,

    /// <summary>y = y + W x + b: the residual connection.</summary>
    Add,
}
