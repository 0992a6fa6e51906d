namespace GptQuantBench.Inference.Quantization.Calibration;

/// <summary>
/// The second moments H of a matrix's inputs x, by which a row's rounding errors e are weighed: eᵀ·H·e is the mean of (e·x)². All
/// rows may share them, or each may have its own.
/// </summary>
internal interface IInputMoments
{
    /// <summary>Inputs of the matrix.</summary>
    int Columns { get; }

    /// <summary>Of what the rows have in common; see <see cref="Calibration.InverseFactor"/>.</summary>
    float[] InverseFactor { get; }

    /// <summary>H [columns, columns] of a row, positive definite; any thread may ask.</summary>
    /// <param name="row">The row.</param>
    /// <param name="buffer">The caller's, made here where the row has its own moments, which it then receives.</param>
    float[] Of(int row, ref float[]? buffer);
}
