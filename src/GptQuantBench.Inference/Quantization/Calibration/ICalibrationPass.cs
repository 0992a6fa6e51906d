using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Quantization.Calibration;

/// <summary>
/// Walks through a model of one architecture on the calibration text, matrix by matrix in the order of the forward pass, so that each
/// matrix is rounded for the inputs that it will see behind the already rounded ones.
/// </summary>
internal interface ICalibrationPass
{
    /// <summary>Calls <paramref name="round"/> once for every matrix; later inputs are computed with the values that it returns.</summary>
    /// <param name="windows">Ids, each array a fresh sequence.</param>
    /// <param name="round">Gets a matrix and the second moments of its inputs; returns the values [out, in] that its codes mean.</param>
    void Run(IReadOnlyList<int[]> windows, Func<WeightSpec, SecondMoments, float[]> round);
}
