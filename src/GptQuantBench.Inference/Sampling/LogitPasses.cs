namespace GptQuantBench.Inference.Sampling;

/// <summary>
/// The passes over all logits that a sampler makes, in chunks that several threads share. Sums are of integers and maxima exact, so the
/// results do not depend on the chunks. Allocates nothing per call; not thread-safe.
/// </summary>
/// <param name="vocabularySize">Logits of a row.</param>
/// <param name="loop">The threads; null for the caller's alone.</param>
internal sealed unsafe class LogitPasses(int vocabularySize, ChunkLoop? loop)
{
    // 16 KB of logits: some microseconds of work.
    private const int ChunkTokens = 4096;

    private readonly int _chunks = (vocabularySize + ChunkTokens - 1) / ChunkTokens;
    private readonly Part[] _parts = new Part[(vocabularySize + ChunkTokens - 1) / ChunkTokens];
    private Action<int, int>? _look;
    private Action<int, int>? _weigh;
    private Action<int, int>? _sum;
    private Action<int, int>? _collect;

    // The pass that runs now.
    private float* _logits;
    private int* _weights;
    private float _max;
    private float _scale;
    private float _bound;
    private float _high;
    private int[]? _ids;

    /// <summary>As <see cref="LogitScan.Max"/>.</summary>
    public float Max(ReadOnlySpan<float> logits)
    {
        if (loop is null)
        {
            return LogitScan.Max(logits);
        }

        Run(logits, default, _look ??= (chunk, _) => (_parts[chunk].Max, _parts[chunk].IsOrdered) = LogitScan.Look(Logits(chunk)));
        float max = float.NegativeInfinity;
        bool isOrdered = true;
        foreach (ref readonly Part part in _parts.AsSpan())
        {
            max = part.Max > max ? part.Max : max;
            isOrdered &= part.IsOrdered;
        }

        return LogitScan.Require(logits, max, isOrdered);
    }

    /// <summary>As <see cref="TokenWeights.Compute"/>.</summary>
    public ulong Weigh(ReadOnlySpan<float> logits, float max, float scale, Span<int> weights)
    {
        if (loop is null)
        {
            return TokenWeights.Compute(logits, max, scale, weights);
        }

        (_max, _scale) = (max, scale);
        Run(logits, weights, _weigh ??= (chunk, _) => _parts[chunk].Sum = TokenWeights.Compute(Logits(chunk), _max, _scale, Weights(chunk)));
        return Total().Sum;
    }

    /// <summary>As <see cref="MaskedSum.Compute"/>.</summary>
    public (ulong Sum, int Count) Sum(ReadOnlySpan<float> logits, ReadOnlySpan<int> weights, float bound)
    {
        if (loop is null)
        {
            return MaskedSum.Compute(logits, weights, bound);
        }

        _bound = bound;
        Run(logits, weights, _sum ??= (chunk, _) => (_parts[chunk].Sum, _parts[chunk].Count) = MaskedSum.Compute(Logits(chunk), Weights(chunk), _bound));
        return Total();
    }

    /// <summary>As <see cref="LogitScan.Collect"/>.</summary>
    /// <param name="logits">One logit per token.</param>
    /// <param name="low">The smallest logit that counts.</param>
    /// <param name="high">The smallest that does not count any more.</param>
    /// <param name="ids">Room for all ids.</param>
    public Span<int> Collect(ReadOnlySpan<float> logits, float low, float high, int[] ids)
    {
        if (loop is null)
        {
            return ids.AsSpan(0, LogitScan.Collect(logits, low, high, 0, ids));
        }

        (_bound, _high, _ids) = (low, high, ids);
        Run(logits, default, _collect ??= (chunk, _) => _parts[chunk].Count =
            LogitScan.Collect(Logits(chunk), _bound, _high, chunk * ChunkTokens, _ids.AsSpan(chunk * ChunkTokens, Length(chunk))));
        int count = 0;
        for (int chunk = 0; chunk < _chunks; chunk++)
        {
            ids.AsSpan(chunk * ChunkTokens, _parts[chunk].Count).CopyTo(ids.AsSpan(count));
            count += _parts[chunk].Count;
        }

        return ids.AsSpan(0, count);
    }

    private void Run(ReadOnlySpan<float> logits, ReadOnlySpan<int> weights, Action<int, int> body)
    {
        fixed (float* pinnedLogits = logits)
        fixed (int* pinnedWeights = weights)
        {
            _logits = pinnedLogits;
            _weights = pinnedWeights;
            loop!(_chunks, body);
        }
    }

    private (ulong Sum, int Count) Total()
    {
        (ulong sum, int count) = (0, 0);
        foreach (ref readonly Part part in _parts.AsSpan())
        {
            sum += part.Sum;
            count += part.Count;
        }

        return (sum, count);
    }

    private ReadOnlySpan<float> Logits(int chunk) => new(_logits + (chunk * ChunkTokens), Length(chunk));

    private Span<int> Weights(int chunk) => new(_weights + (chunk * ChunkTokens), Length(chunk));

    private int Length(int chunk) => Math.Min(ChunkTokens, vocabularySize - (chunk * ChunkTokens));

    /// <summary>What a pass found in a chunk.</summary>
    private struct Part
    {
        public ulong Sum;
        public int Count;
        public float Max;
        public bool IsOrdered;
    }
}
