using System.Numerics;

namespace GptQuantBench.Inference.Sampling;

/// <summary>
/// Finds the nucleus without sorting the vocabulary. Order: logit descending, ties by id ascending (−0 and 0 tie). The nucleus is
/// the shortest prefix of this order whose weights sum up to at least ceil(P · total / 2^32), with P = ceil(top-p · 2^32): for
/// top-p ≥ 2^-8 an FP32 value is a multiple of 2^-32, so P is exact there. All sums are integers: any correct search gives
/// the same nucleus. Holds scratch memory for one vocabulary; not thread-safe.
/// </summary>
/// <param name="vocabularySize">Logits of a row.</param>
/// <param name="passes">Who reads whole rows; null for a single thread.</param>
internal sealed class Nucleus(int vocabularySize, LogitPasses? passes = null)
{
    private const int BucketBits = 10;
    // A pass over the vocabulary that halves the range costs about as much as bucketing one token in this many.
    private const int BoundaryShare = 32;
    private const int MaxPasses = 8;

    private readonly LogitPasses _passes = passes ?? new(vocabularySize, loop: null);
    private readonly ulong[] _buckets = new ulong[1 << BucketBits];
    // Ids of the tokens among which the last member is, ascending.
    private readonly int[] _boundary = new int[vocabularySize];
    private float _lastLogit;
    private int _lastTie;

    /// <summary>Sum of the members' weights.</summary>
    public ulong Sum { get; private set; }

    /// <summary>Finds the nucleus.</summary>
    /// <param name="logits">One logit per token, none of them NaN or +infinity.</param>
    /// <param name="weights">Their weights by <see cref="TokenWeights"/>.</param>
    /// <param name="total">Sum of the weights.</param>
    /// <param name="max">The largest logit.</param>
    /// <param name="scale">The scale of the weights.</param>
    /// <param name="topP">0 &lt; topP ≤ 1.</param>
    public void Find(ReadOnlySpan<float> logits, ReadOnlySpan<int> weights, ulong total, float max, float scale, float topP)
    {
        ulong target = Target(total, topP);
        float low = LowestCandidate(total - target, logits.Length, max, scale);
        float high = float.PositiveInfinity;
        ulong above = 0;
        int lowCount = logits.Length;
        int highCount = 0;
        // Logits of at least low reach the target, those of at least high do not: their sum is above.
        for (int pass = 0; pass < MaxPasses && lowCount - highCount > logits.Length / BoundaryShare; pass++)
        {
            float middle = Middle(low, Math.Min(high, max));
            (ulong sum, int count) = _passes.Sum(logits, weights, middle);
            if (sum >= target)
            {
                (low, lowCount) = (middle, count);
            }
            else
            {
                (high, highCount, above) = (middle, count, sum);
            }
        }

        Span<int> boundary = _passes.Collect(logits, low, high, _boundary);
        FindLast(logits, weights, boundary, above, target);
    }

    /// <summary>The member that a draw chooses: the first in ascending order of ids at which the sum of weights exceeds the draw.</summary>
    /// <param name="logits">As in <see cref="Find"/>.</param>
    /// <param name="weights">As in <see cref="Find"/>.</param>
    /// <param name="draw">0 to <see cref="Sum"/> − 1.</param>
    public int Choose(ReadOnlySpan<float> logits, ReadOnlySpan<int> weights, ulong draw)
    {
        // Up to the last tie, tokens with the last member's logit are members; behind it only those with a larger one.
        int split = _lastTie + 1;
        ulong rest = draw;
        int id = MaskedSum.IndexOf(logits[..split], weights[..split], _lastLogit, ref rest);
        if (id >= 0)
        {
            return id;
        }

        id = MaskedSum.IndexOf(logits[split..], weights[split..], MathF.BitIncrement(_lastLogit), ref rest);
        return id >= 0 ? split + id : throw new ArgumentOutOfRangeException(nameof(draw), draw, $"expected a draw below {Sum}");
    }

    /// <summary>The sum that the nucleus must reach.</summary>
    internal static ulong Target(ulong total, float topP)
    {
        ulong p = (ulong)Math.Ceiling(topP * 4294967296.0);
        ulong high = Math.BigMul(p, total, out ulong low);
        return (high << 32) + (low >> 32) + ((uint)low != 0 ? 1u : 0u);
    }

    /// <summary>An integer that orders as the float does, −0 and 0 being the same.</summary>
    private static int Key(float logit)
    {
        // Adding 0 makes 0 of −0.
        int bits = BitConverter.SingleToInt32Bits(logit + 0f);
        return bits ^ ((bits >> 31) & int.MaxValue);
    }

    /// <summary>
    /// A logit below which no token is in the nucleus: tokens with at most an equal share of the weight that may stay outside, or
    /// with no weight, could all stay outside. Weights are exact to far better than the hundredth of a power of 2 that is left
    /// as a margin.
    /// </summary>
    private static float LowestCandidate(ulong outside, int count, float max, float scale)
    {
        ulong share = Math.Max(1, outside / (uint)count);
        return MathF.BitDecrement((float)(max + ((Math.Log2(share) - TokenWeights.OneBits - 0.01) / scale)));
    }

    /// <summary>A bound between two logits; the upper one where no float is between them.</summary>
    private static float Middle(float low, float high)
    {
        float middle = (float)((low + (double)high) / 2);
        return float.IsFinite(middle) && middle > low ? middle : high;
    }

    /// <summary>
    /// Narrows ids down to the tokens that have the logit of the last member: sums the weights in 1024 equal ranges of keys, goes
    /// on in the range in which the target is reached, and ends where that has one key.
    /// </summary>
    private void FindLast(ReadOnlySpan<float> logits, ReadOnlySpan<int> weights, Span<int> ids, ulong above, ulong target)
    {
        (int low, int high) = KeyRange(logits, ids);
        while (low < high)
        {
            int shift = Math.Max(0, 32 - BitOperations.LeadingZeroCount((uint)(high - low)) - BucketBits);
            Array.Clear(_buckets);
            foreach (int id in ids)
            {
                _buckets[(uint)(high - Key(logits[id])) >> shift] += (uint)weights[id];
            }

            uint bucket = 0;
            while (above + _buckets[bucket] < target)
            {
                above += _buckets[bucket++];
            }

            int count = 0;
            foreach (int id in ids)
            {
                ids[count] = id;
                count += (uint)(high - Key(logits[id])) >> shift == bucket ? 1 : 0;
            }

            ids = ids[..count];
            (low, high) = KeyRange(logits, ids);
        }

        int last = 0;
        while (above + (uint)weights[ids[last]] < target)
        {
            above += (uint)weights[ids[last++]];
        }

        _lastLogit = logits[ids[last]];
        _lastTie = ids[last];
        Sum = above + (uint)weights[ids[last]];
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
