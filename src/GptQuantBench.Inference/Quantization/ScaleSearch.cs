namespace GptQuantBench.Inference.Quantization;

/// <summary>How the scales (and minima) of a format's groups are found, and codes with them.</summary>
public enum ScaleSearch
{
    /// <summary>From the largest magnitude, or the range, of a group: plain rounding to nearest.</summary>
    Plain,

    /// <summary>The scale with the least squared error of the group among a row of candidates; <see cref="LeastSquaresScale"/>.</summary>
    LeastSquares,

    /// <summary>
    /// Calibrated on a text: later inputs compensate the rounding errors of earlier ones (GPTQ, Frantar et al., 2022). Such weights
    /// come from a checkpoint that <c>quantize</c> wrote.
    /// </summary>
    Compensated,
}
