namespace GptQuantBench.Inference.Sampling;

/// <summary>
/// Chooses the next token from logits, greedily or by temperature and top-p. The choice depends on the logits' bits, the options
/// and the step alone: probabilities are integers (<see cref="TokenWeights"/>), the nucleus is an exact prefix
/// (<see cref="Nucleus"/>), and the draw is u = <see cref="CounterBasedGenerator.Draw"/>(seed, step), r = floor(u · S / 2^64) of
/// the nucleus' sum S; the first member in ascending order of ids at which the running sum exceeds r is chosen. A token of weight
/// 0 (2^-30 of the most probable, or a logit of −infinity) never is. Allocates nothing per call; not thread-safe.
/// </summary>
public sealed class Sampler
{
    private readonly int[] _weights;
    private readonly LogitPasses _passes;
    private readonly Nucleus _nucleus;

    /// <param name="vocabularySize">Number of logits per call, at least 1.</param>
    public Sampler(int vocabularySize) : this(vocabularySize, loop: null)
    {
    }

    /// <param name="vocabularySize">Number of logits per call, at least 1.</param>
    /// <param name="loop">The threads that share passes over all logits; null for the caller's alone.</param>
    internal Sampler(int vocabularySize, ChunkLoop? loop)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(vocabularySize, 1);
        _weights = new int[vocabularySize];
        _passes = new LogitPasses(vocabularySize, loop);
        _nucleus = new Nucleus(vocabularySize, _passes);
    }

    /// <summary>The id of the next token.</summary>
    /// <param name="logits">One logit per token, FP32; −infinity excludes a token.</param>
    /// <param name="options">How to choose.</param>
    /// <param name="step">Index of the token in the sequence of generated tokens, at least 0.</param>
    /// <exception cref="NonFiniteLogitsException">A logit is NaN or +infinity, or all are −infinity.</exception>
    /// <exception cref="ArgumentException">The number of logits, an option or the step is out of range.</exception>
    public int Sample(ReadOnlySpan<float> logits, SamplingOptions options, int step)
    {
        if (logits.Length != _weights.Length)
        {
            throw new ArgumentException($"expected {_weights.Length} logits, got {logits.Length}", nameof(logits));
        }

        if (options.FindError() is string error)
        {
            throw new ArgumentException(error, nameof(options));
        }

        ArgumentOutOfRangeException.ThrowIfNegative(step);
        float max = _passes.Max(logits);
        if (options.IsGreedy)
        {
            return LogitScan.IndexOf(logits, max);
        }

        float scale = TokenWeights.Scale(options.Temperature);
        ulong total = _passes.Weigh(logits, max, scale, _weights);
        ulong random = CounterBasedGenerator.Draw(options.Seed, step);
        if (options.TopP == 1f)
        {
            ulong draw = Math.BigMul(random, total, out _);
            return MaskedSum.IndexOf(logits, _weights, float.NegativeInfinity, ref draw);
        }

        _nucleus.Find(logits, _weights, total, max, scale, options.TopP);
        return _nucleus.Choose(logits, _weights, Math.BigMul(random, _nucleus.Sum, out _));
    }
}
