namespace GptQuantBench.Inference.Models;

/// <summary>One weight tensor that an architecture needs.</summary>
/// <param name="Name">Canonical name, without any prefix such as <c>transformer.</c>.</param>
/// <param name="Role">What it is used for.</param>
/// <param name="Rows">First dimension as stored in the checkpoint; the length for a vector.</param>
/// <param name="Columns">Second dimension as stored in the checkpoint; 1 for a vector.</param>
/// <param name="IsInputMajor">
/// True for GPT-2's Conv1D matrices, stored [in, out]; false for [out, in]. Backends hold every matrix [out, in].
/// </param>
public sealed record WeightSpec(string Name, WeightRole Role, int Rows, int Columns, bool IsInputMajor)
{
    /// <summary>Number of outputs of the matrix (rows of the [out, in] form).</summary>
    public int OutputCount => IsInputMajor ? Columns : Rows;

    /// <summary>Number of inputs of the matrix (columns of the [out, in] form).</summary>
    public int InputCount => IsInputMajor ? Rows : Columns;

    /// <summary>True for vectors: stored with one dimension.</summary>
    public bool IsVector => Role is WeightRole.Norm or WeightRole.Bias;

    /// <summary>Number of parameters.</summary>
    public long Count => (long)Rows * Columns;
}
