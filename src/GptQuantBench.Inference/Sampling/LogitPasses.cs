using System.Numerics.Tensors;

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
    private readonly Found[] _parts = new Found[(vocabularySize + ChunkTokens - 1) / ChunkTokens];
    private readonly int[] _weights = new int[vocabularySize];
    private readonly int[] _buckets = new int[vocabularySize];
    private readonly ulong[] _bucketSums = new ulong[LogitBuckets.Count];
    private readonly ulong[] _partSums = loop is null ? [] : new ulong[(vocabularySize + ChunkTokens - 1) / ChunkTokens * LogitBuckets.Count];
    private Action<int, int>? _look;
    private Action<int, int>? _weigh;
    private Action<int, int>? _collect;

    // The pass that runs now.
    private float* _logits;
    private float _max;
    private float _scale;
    private int _bucket;
    private int[]? _ids;

    /// <summary>The weights that <see cref="Weigh"/> found, one per token.</summary>
    public ReadOnlySpan<int> Weights => _weights;

    /// <summary>The sums of the weights by <see cref="LogitBuckets"/> that <see cref="Weigh"/> found.</summary>
    public ReadOnlySpan<ulong> BucketSums => _bucketSums;

    /// <summary>As <see cref="LogitScan.Max"/>.</summary>
    public float Max(ReadOnlySpan<float> logits)
    {
        if (loop is null)
        {
            return LogitScan.Max(logits);
        }

        Run(logits, _look ??= (chunk, _) => (_parts[chunk].Max, _parts[chunk].IsOrdered) = LogitScan.Look(Logits(chunk)));
        float max = float.NegativeInfinity;
        bool isOrdered = true;
        foreach (ref readonly Found part in _parts.AsSpan())
        {
            max = part.Max > max ? part.Max : max;
            isOrdered &= part.IsOrdered;
        }

        return LogitScan.Require(logits, max, isOrdered);
    }

    /// <summary>Weighs all tokens, by themselves and by bucket.</summary>
    /// <param name="logits">One logit per token, none of them NaN or +infinity.</param>
    /// <param name="max">The largest of them.</param>
    /// <param name="scale">From <see cref="TokenWeights.Scale"/>.</param>
    /// <returns>The sum of all weights.</returns>
    public ulong Weigh(ReadOnlySpan<float> logits, float max, float scale)
    {
        if (loop is null)
        {
            ulong sum = TokenWeights.Compute(logits, max, scale, _weights);
            LogitBuckets.Add(logits, _weights, max, scale, _buckets, _bucketSums);
            return sum;
        }

        (_max, _scale) = (max, scale);
        Run(logits, _weigh ??= (chunk, _) =>
        {
            _parts[chunk].Sum = TokenWeights.Compute(Logits(chunk), _max, _scale, Part(_weights, chunk));
            LogitBuckets.Add(Logits(chunk), Part(_weights, chunk), _max, _scale, Part(_buckets, chunk), PartSums(chunk));
        });
        ulong total = 0;
        Array.Clear(_bucketSums);
        for (int chunk = 0; chunk < _chunks; chunk++)
        {
            total += _parts[chunk].Sum;
            TensorPrimitives.Add(_bucketSums, PartSums(chunk), _bucketSums);
        }

        return total;
    }

    /// <summary>As <see cref="LogitBuckets.Collect"/>, of the row that was weighed last.</summary>
    /// <param name="bucket">Which is meant.</param>
    /// <param name="ids">Room for all ids.</param>
    public Span<int> Collect(int bucket, int[] ids)
    {
        if (loop is null)
        {
            return ids.AsSpan(0, LogitBuckets.Collect(_buckets, bucket, 0, ids));
        }

        (_bucket, _ids) = (bucket, ids);
        loop(_chunks, _collect ??= (chunk, _) =>
            _parts[chunk].Count = LogitBuckets.Collect(Part(_buckets, chunk), _bucket, chunk * ChunkTokens, Part(_ids!, chunk)));
        int count = 0;
        for (int chunk = 0; chunk < _chunks; chunk++)
        {
            Part(ids, chunk)[.._parts[chunk].Count].CopyTo(ids.AsSpan(count));
            count += _parts[chunk].Count;
        }

        return ids.AsSpan(0, count);
    }

    private void Run(ReadOnlySpan<float> logits, Action<int, int> body)
    {
        fixed (float* pinned = logits)
        {
            _logits = pinned;
            loop!(_chunks, body);
        }
    }

    private ReadOnlySpan<float> Logits(int chunk) => new(_logits + (chunk * ChunkTokens), Length(chunk));

    private Span<int> Part(int[] values, int chunk) => values.AsSpan(chunk * ChunkTokens, Length(chunk));

    private Span<ulong> PartSums(int chunk) => _partSums.AsSpan(chunk * LogitBuckets.Count, LogitBuckets.Count);

    private int Length(int chunk) => Math.Min(ChunkTokens, vocabularySize - (chunk * ChunkTokens));

    /// <summary>What a pass found in a chunk.</summary>
    private struct Found
    {
        public ulong Sum;
        public int Count;
        public float Max;
        public bool IsOrdered;
    }
}
