namespace GptQuantBench.Inference.Sampling;

/// <summary>
/// Chooses the next token from logits, greedily or by temperature and top-p. The choice depends on the logits' bits, the options
/// and the step alone: probabilities are integers (<see cref="TokenWeights"/>), and the nucleus is an exact prefix
/// (<see cref="Nucleus"/>). Drawn is from the whole buckets (<see cref="LogitBuckets"/>) that hold the nucleus, of sum R: with
/// u = <see cref="CounterBasedGenerator.Draw"/>(seed, step), r = floor(u · R / 2^64), the first token at which the running sum exceeds r is
/// chosen; where it is no member, u = Draw(seed, 2^31 + step) draws once more, from the nucleus' sum. So every member is chosen with the
/// probability of its weight in the nucleus, and mostly the last member need not be found. A token of weight
/// 0 (2^-30 of the most probable, or a logit of −infinity) never is. Allocates nothing per call; not thread-safe.
/// </summary>
public sealed class Sampler
{
    private const long SecondDraws = 1L << 31;

    private readonly int _vocabularySize;
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
        _vocabularySize = vocabularySize;
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
        if (logits.Length != _vocabularySize)
        {
            throw new ArgumentException($"expected {_vocabularySize} logits, got {logits.Length}", nameof(logits));
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

        _nucleus.Find(logits, max, TokenWeights.Scale(options.Temperature), options.TopP);
        ulong draw = Math.BigMul(CounterBasedGenerator.Draw(options.Seed, step), _nucleus.Reach, out _);
        if (_nucleus.IsOfLastBucket(draw))
        {
            ulong sum = _nucleus.Sum(logits);
            draw = draw < sum ? draw : Math.BigMul(CounterBasedGenerator.Draw(options.Seed, SecondDraws + step), sum, out _);
        }

        return _nucleus.Choose(logits, draw);
    }
}
