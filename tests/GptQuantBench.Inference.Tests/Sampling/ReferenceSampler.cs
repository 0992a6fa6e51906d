using GptQuantBench.Inference.Sampling;

namespace GptQuantBench.Inference.Tests.Sampling;

/// <summary>The documented semantics of the sampler, written as plainly as possible: a full sort and 128-bit integers.</summary>
internal static class ReferenceSampler
{
    /// <summary>The token that must be chosen.</summary>
    /// <param name="logits">One logit per token.</param>
    /// <param name="options">Temperature above 0.</param>
    /// <param name="step">Index of the draw.</param>
    /// <param name="extraMembers">A planted error: members that the nucleus has beyond the right ones.</param>
    public static int Sample(float[] logits, SamplingOptions options, int step, int extraMembers = 0)
    {
        int[] nucleus = Nucleus(logits, options, extraMembers);
        uint[] weights = Weights(logits, options.Temperature);
        int[] order = DrawOrder(logits, options, nucleus[^1]);
        UInt128 draw = (CounterBasedGenerator.Draw(options.Seed, step) * Sum(order, weights)) >> 64;
        UInt128 sum = Sum(nucleus, weights);
        if (draw >= sum)
        {
            draw = (CounterBasedGenerator.Draw(options.Seed, int.MaxValue + 1L + step) * sum) >> 64;
        }

        UInt128 running = 0;
        foreach (int id in order)
        {
            running += weights[id];
            if (running > draw)
            {
                return id;
            }
        }

        throw new InvalidOperationException("The draw is not below the sum.");
    }

    /// <summary>The tokens from which is drawn, in their order, up to the end of the bucket in which the nucleus ends.</summary>
    /// <param name="logits">One logit per token.</param>
    /// <param name="options">Temperature above 0.</param>
    /// <param name="last">The nucleus' last member.</param>
    public static int[] DrawOrder(float[] logits, SamplingOptions options, int last)
    {
        float max = logits.Max();
        float scale = TokenWeights.Scale(options.Temperature);
        int[] buckets = [.. logits.Select(logit => (int)(Math.Min((max - logit) * scale, 31f) * 32))];
        int[] ids = [.. Enumerable.Range(0, logits.Length)];
        return
        [
            .. ids.Where(id => buckets[id] < buckets[last]).OrderBy(id => buckets[id]).ThenBy(id => id),
            .. ids.Where(id => buckets[id] == buckets[last]).OrderByDescending(id => logits[id]).ThenBy(id => id),
        ];
    }

    /// <summary>The ids of the nucleus, most probable first.</summary>
    public static int[] Nucleus(float[] logits, SamplingOptions options, int extraMembers = 0)
    {
        uint[] weights = Weights(logits, options.Temperature);
        int[] sorted = [.. Enumerable.Range(0, logits.Length).OrderByDescending(id => logits[id]).ThenBy(id => id)];
        UInt128 share = (UInt128)Math.Ceiling(options.TopP * Math.Pow(2, 32));
        UInt128 total = Sum(sorted, weights);
        UInt128 target = ((share * total) + (UInt128.One << 32) - 1) >> 32;
        int count = 1;
        while (Sum(sorted[..count], weights) < target)
        {
            count++;
        }

        return sorted[..Math.Clamp(count + extraMembers, 1, sorted.Length)];
    }

    private static uint[] Weights(float[] logits, float temperature)
    {
        float max = logits.Max();
        float scale = TokenWeights.Scale(temperature);
        return [.. logits.Select(logit => (uint)TokenWeights.Weight(logit, max, scale))];
    }

    private static UInt128 Sum(int[] ids, uint[] weights)
    {
        UInt128 sum = 0;
        foreach (int id in ids)
        {
            sum += weights[id];
        }

        return sum;
    }
}
