using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Quantization.Calibration;

/// <summary>
/// Walks through a model of one architecture on the calibration text, matrix by matrix in the order of the forward pass, so that each
/// matrix is rounded for the inputs that it will see behind the matrices already rounded.
/// </summary>
internal interface ICalibrationPass
{
    /// <summary>Calls <paramref name="round"/> once for every matrix.</summary>
    /// <param name="windows">Ids, each array a fresh sequence.</param>
    /// <param name="round">Rounds a matrix.</param>
    /// <returns>The biases that belong to the rounded matrices, by canonical name.</returns>
    IReadOnlyDictionary<string, float[]> Run(IReadOnlyList<int[]> windows, RoundMatrix round);
}

/// <summary>Rounds one matrix.</summary>
/// <param name="spec">Which.</param>
/// <param name="target">The values [out, in] to come close to; not always the model's own.</param>
/// <param name="moments">Of its inputs; computed when asked for.</param>
/// <returns>The values [out, in] that its codes mean.</returns>
internal delegate float[] RoundMatrix(WeightSpec spec, float[] target, Func<IInputMoments> moments);
