namespace GptQuantBench.Inference.Tests;

/// <summary>Every tolerance of the engine's tests, each with its reason.</summary>
internal static class Tolerances
{
    /// <summary>
    /// Kernel against FP64 sums of the same unpacked weights, as a share of Σ |w x|: FP32 has 2^-24 per operation, a lane adds at most
    /// K / 4 + 8 products and the errors of its sums are partly random; 2^-19 leaves a factor of 32 and is 1/100 of one wrong code.
    /// </summary>
    public const double KernelShare = 1.0 / (1 << 19);

    /// <summary>GELU against FP64, relative to max(|x|, 1e-3): a vectorised exponential of 2 ulp, a division, five roundings.</summary>
    public const double Gelu = 1e-6;

    /// <summary>Layer norm and softmax against FP64, absolute on values of magnitude 1: a few roundings and a sum.</summary>
    public const double Normalisation = 2e-6;

    /// <summary>Logits against transformers in FP32, relative RMS, as the project promises; reached is 1e-6.</summary>
    public const double GoldenRelativeRms = 1e-3;

    /// <summary>The same model on two ways through the engine (prefill and steps): both are within FP32 noise of each other.</summary>
    public const double SameModelRelativeRms = 1e-5;

    /// <summary>
    /// Logits against the plain FP64 forward pass on the same unpacked weights, relative RMS. FP32 noise alone is 1e-6; where it moves a key
    /// or value over the border between two halves, 2^-11 of it: reached is 1.2e-4.
    /// </summary>
    public const double ReferenceRelativeRms = 5e-4;

    /// <summary>logsumexp against transformers, absolute: an average over the logits, whose noise is 1e-5.</summary>
    public const double GoldenLogSumExp = 1e-3;

    /// <summary>8-bit against FP16 on gpt2-nano, relative RMS of logits: measured 0.68 % (per row) and 0.52 % (groups of 32).</summary>
    public const double EightBitRelativeRms = 0.01;

    /// <summary>4-bit against FP16 on gpt2-nano, relative RMS of logits: measured 8.0 % (symmetric) and 7.4 % (asymmetric).</summary>
    public const double FourBitRelativeRms = 0.12;

    /// <summary>Perplexity in FP16 against transformers on the same weights: FP32 noise is 1e-6, the promise is 0.1 %.</summary>
    public const double PerplexityFp16 = 0.001;

    /// <summary>Perplexity in 8-bit against the scheme simulated in torch.</summary>
    public const double PerplexityEightBit = 0.002;

    /// <summary>Perplexity in 4-bit against the scheme simulated in torch, where ties between codes may fall differently.</summary>
    public const double PerplexityFourBit = 0.005;

    /// <summary>Mean KL divergence of 4-bit from FP16 on the own text with gpt2-nano, nats: measured 0.048 without calibration.</summary>
    public const double FourBitDivergence = 0.065;

    /// <summary>
    /// The same of calibrated 4-bit, as a share of 4-bit without calibration: measured 0.44; with the scales of one matrix of 25 half as
    /// large again it is 0.90.
    /// </summary>
    public const double CalibratedDivergence = 0.6;

    /// <summary>
    /// Perplexity with integer products against FP32 activations on the same weights: the promise is 0.1 %; reached is 2e-6 with 8-bit
    /// weights (16-bit activations) and 4e-4 with 4-bit ones (8-bit activations).
    /// </summary>
    public const double IntegerProductsPerplexity = 1e-3;

    /// <summary>
    /// Integer products against FP32 activations, and prompts against steps with them, relative RMS. 16-bit activations (8-bit weights):
    /// FP32 noise moves some over the border between two integers, 2^-15 of the largest in the block; reached is 1.5e-5. 8-bit ones
    /// (4-bit weights): rounding costs 0.5 / 127 of the largest in the block, / √3, 0.6 % of the RMS of normally distributed values;
    /// reached is 0.7 %. An order of integers that fits no weights is beyond 10 %.
    /// </summary>
    public static double IntegerProducts(int weightBits) => weightBits == 4 ? 0.015 : 1e-4;
}
