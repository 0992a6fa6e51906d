using System.Numerics;

namespace GptQuantBench.Inference.Sampling;

/// <summary>
/// The nucleus of a row, found without sorting the vocabulary. Order: logit descending, ties by id ascending (−0 and 0 tie). The nucleus is
/// the shortest prefix of this order whose weights sum up to at least ceil(P · total / 2^32), with P = ceil(top-p · 2^32): for
/// top-p ≥ 2^-8 an FP32 value is a multiple of 2^-32, so P is exact there. All sums are integers: any correct search gives
/// the same nucleus. Tokens are drawn from all <see cref="LogitBuckets"/> up to the one in which the nucleus ends, which takes the sums of the
/// buckets and the tokens of one of them alone. Holds scratch memory for one vocabulary; not thread-safe.
/// </summary>
/// <param name="vocabularySize">Logits of a row.</param>
/// <param name="passes">Who reads whole rows; null for a single thread.</param>
internal sealed class Nucleus(int vocabularySize, LogitPasses? passes = null)
{
    private const int RangeBits = 10;

    private readonly LogitPasses _passes = passes ?? new(vocabularySize, loop: null);
    private readonly ulong[] _ranges = new ulong[1 << RangeBits];
    private readonly int[] _ids = new int[vocabularySize];
    private int _last; // bucket
    private ulong _above; // sum of the buckets before it
    private ulong _target;

    /// <summary>Sum of the weights of all buckets up to the one in which the nucleus ends: what is drawn from. At least the nucleus' sum.</summary>
    public ulong Reach { get; private set; }

    /// <summary>Finds the bucket in which the nucleus of a row ends.</summary>
    /// <param name="logits">One logit per token, none of them NaN or +infinity.</param>
    /// <param name="max">The largest logit.</param>
    /// <param name="scale">The scale of the weights.</param>
    /// <param name="topP">0 &lt; topP ≤ 1.</param>
    public void Find(ReadOnlySpan<float> logits, float max, float scale, float topP)
    {
        _target = Target(_passes.Weigh(logits, max, scale), topP);
        (_last, _above) = BucketOf(_target);
        Reach = _above + _passes.BucketSums[_last];
    }

    /// <summary>Whether a draw may be of no member, so that it must be compared with <see cref="Sum"/>.</summary>
    /// <param name="draw">0 to <see cref="Reach"/> − 1.</param>
    public bool IsOfLastBucket(ulong draw) => draw >= _above;

    /// <summary>Sum of the members' weights.</summary>
    /// <param name="logits">Of the row that was found.</param>
    public ulong Sum(ReadOnlySpan<float> logits) => _above + Reaching(logits, _passes.Collect(_last, _ids), _target - _above).Sum;

    /// <summary>
    /// The token that a draw chooses: the first at which the running sum of weights exceeds the draw. Tokens come by bucket; in those before the
    /// last one by id, ascending, and in the last one in the order of the nucleus, so that members come first.
    /// </summary>
    /// <param name="logits">Of the row that was found.</param>
    /// <param name="draw">0 to <see cref="Reach"/> − 1.</param>
    public int Choose(ReadOnlySpan<float> logits, ulong draw)
    {
        if (draw >= Reach)
        {
            throw new ArgumentOutOfRangeException(nameof(draw), draw, $"expected a draw below {Reach}");
        }

        (int bucket, ulong above) = BucketOf(draw + 1);
        Span<int> ids = _passes.Collect(bucket, _ids);
        if (bucket == _last)
        {
            return Reaching(logits, ids, draw + 1 - above).Id;
        }

        int chosen = 0;
        for (ulong rest = draw - above; (uint)_passes.Weights[ids[chosen]] <= rest; chosen++)
        {
            rest -= (uint)_passes.Weights[ids[chosen]];
        }

        return ids[chosen];
    }

    /// <summary>The sum that the nucleus must reach.</summary>
    internal static ulong Target(ulong total, float topP)
    {
        ulong p = (ulong)Math.Ceiling(topP * 4294967296.0);
        ulong high = Math.BigMul(p, total, out ulong low);
        return (high << 32) + (low >> 32) + ((uint)low != 0 ? 1u : 0u);
    }

    /// <summary>The bucket at which the running sum reaches what is needed, which it does, and the sum of those before it.</summary>
    private (int Bucket, ulong Above) BucketOf(ulong need)
    {
        int bucket = 0;
        ulong above = 0;
        while (above + _passes.BucketSums[bucket] < need)
        {
            above += _passes.BucketSums[bucket++];
        }

        return (bucket, above);
    }

    /// <summary>An integer that orders as the float does, −0 and 0 being the same.</summary>
    private static int Key(float logit)
    {
        // Adding 0 makes 0 of −0.
        int bits = BitConverter.SingleToInt32Bits(logit + 0f);
        return bits ^ ((bits >> 31) & int.MaxValue);
    }

    /// <summary>
    /// Among a bucket's tokens in the order of the nucleus the one at which the running sum reaches what is needed, which it does, and that sum.
    /// Narrows ids down to the tokens that have its logit: sums the weights in 1024 equal ranges of keys, goes on in the range in which the need
    /// is reached, and ends where that has one key.
    /// </summary>
    private (int Id, ulong Sum) Reaching(ReadOnlySpan<float> logits, Span<int> ids, ulong need)
    {
        ReadOnlySpan<int> weights = _passes.Weights;
        ulong above = 0;
        (int low, int high) = KeyRange(logits, ids);
        while (low < high)
        {
            int shift = Math.Max(0, 32 - BitOperations.LeadingZeroCount((uint)(high - low)) - RangeBits);
            Array.Clear(_ranges);
            foreach (int id in ids)
            {
                _ranges[(uint)(high - Key(logits[id])) >> shift] += (uint)weights[id];
            }

            uint range = 0;
            while (above + _ranges[range] < need)
            {
                above += _ranges[range++];
            }

            int count = 0;
            foreach (int id in ids)
            {
                ids[count] = id;
                count += (uint)(high - Key(logits[id])) >> shift == range ? 1 : 0;
            }

            ids = ids[..count];
            (low, high) = KeyRange(logits, ids);
        }

        int last = 0;
        while (above + (uint)weights[ids[last]] < need)
        {
            above += (uint)weights[ids[last++]];
        }

        return (ids[last], above + (uint)weights[ids[last]]);
    }

    private static (int Low, int High) KeyRange(ReadOnlySpan<float> logits, ReadOnlySpan<int> ids)
    {
        int low = int.MaxValue;
        int high = int.MinValue;
        foreach (int id in ids)
        {
            int key = Key(logits[id]);
            low = Math.Min(low, key);
            high = Math.Max(high, key);
        }

        return (low, high);
    }
}
