namespace GptQuantBench.Inference.Quantization;

/// <summary>The addresses of a <see cref="PackedMatrix"/>, for kernels; valid until the matrix is disposed.</summary>
internal readonly unsafe struct PackedMatrixView
{
    public required byte* Codes { get; init; }

    /// <summary>FP32 [rows] where the whole row is one group, else null.</summary>
    public required float* RowScales { get; init; }

    /// <summary>FP16 [rows][groups] where columns are grouped, else null.</summary>
    public required ushort* GroupScales { get; init; }

    /// <summary>FP16 [rows][groups] in asymmetric formats, else null.</summary>
    public required ushort* GroupMinima { get; init; }

    public required int Rows { get; init; }

    public required int BlocksPerRow { get; init; }

    public required int GroupsPerRow { get; init; }

    /// <summary>Blocks of 32 columns in a group, as a power of two.</summary>
    public required int GroupShift { get; init; }

    /// <summary>16, 8 or 4.</summary>
    public required int Bits { get; init; }
}
