using CsCheck;
using GptQuantBench.Inference.Backends.Cpu;
using GptQuantBench.Inference.Sampling;

namespace GptQuantBench.Inference.Tests.Sampling;

public sealed class SamplerTests
{
    [Fact]
    public void Choices_equal_those_of_the_plain_reference() =>
        Gen.Select(LogitGenerators.Row, LogitGenerators.Options, Gen.Int[0, 1000]).Sample((row, options, step) =>
            new Sampler(row.Length).Sample(row, options, step) == ReferenceSampler.Sample(row, options, step), iter: 20_000);

    [Theory]
    [InlineData(0.8f, 0.9f)]
    [InlineData(1f, 0.99f)]
    [InlineData(1.5f, 0.5f)]
    [InlineData(0.3f, 1f)]
    [InlineData(100f, 0.999f)]
    public void Choices_equal_those_of_the_plain_reference_over_a_large_vocabulary(float temperature, float topP)
    {
        var sampler = new Sampler(5003);
        for (int step = 0; step < 10; step++)
        {
            float[] logits = LogitGenerators.ModelLike(5003, (ulong)step);
            var options = new SamplingOptions(temperature, topP, 42);
            Assert.Equal(ReferenceSampler.Sample(logits, options, step), sampler.Sample(logits, options, step));
        }
    }

    /// <summary>Passes shared by threads see every token once: rows of less than a chunk, of whole chunks, and with some left.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(4095)]
    [InlineData(8192)]
    [InlineData(50257)]
    public void Threads_choose_what_one_thread_chooses(int vocabulary)
    {
        using WorkerPool pool = new(3);
        var shared = new Sampler(vocabulary, pool.Run);
        var single = new Sampler(vocabulary);
        foreach (SamplingOptions options in (SamplingOptions[])[SamplingOptions.Greedy, new(0.8f, 0.9f, 3), new(1.5f, 0.5f, 4), new(1f, 1f, 5)])
        {
            for (int step = 0; step < 20; step++)
            {
                float[] logits = LogitGenerators.ModelLike(vocabulary, (ulong)step);
                if (vocabulary > 4096)
                {
                    // A whole chunk that may not be chosen is no error.
                    Array.Fill(logits, float.NegativeInfinity, 4096, Math.Min(4096, vocabulary - 4096));
                }

                Assert.Equal(single.Sample(logits, options, step), shared.Sample(logits, options, step));
                logits[vocabulary / 2] = float.NaN;
                Assert.Throws<NonFiniteLogitsException>(() => shared.Sample(logits, options, step));
            }
        }
    }

    /// <summary>The comparison with the reference sees a nucleus that is wrong by one token.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void A_nucleus_that_is_wrong_by_one_token_is_noticed(int extraMembers)
    {
        float[] logits = [3f, 2.5f, 2f, 1.5f, 1f, 0.5f, 0f];
        var options = new SamplingOptions(1f, 0.7f, 1);
        var sampler = new Sampler(logits.Length);
        int[] steps = [.. Enumerable.Range(0, 200)];
        Assert.All(steps, step => Assert.Equal(ReferenceSampler.Sample(logits, options, step), sampler.Sample(logits, options, step)));
        Assert.Contains(steps, step => ReferenceSampler.Sample(logits, options, step, extraMembers) != sampler.Sample(logits, options, step));
    }

    [Theory]
    [InlineData(1f, 1f)]
    [InlineData(0.8f, 0.9f)]
    [InlineData(2f, 0.6f)]
    public void Frequencies_are_those_of_the_softmax(float temperature, float topP)
    {
        float[] logits = [1f, 0.2f, -0.7f, 2.1f, 0.2f, -3f, 1.4f, 0f, 0.9f];
        const int draws = 200_000;
        var sampler = new Sampler(logits.Length);
        var counts = new int[logits.Length];
        for (int step = 0; step < draws; step++)
        {
            counts[sampler.Sample(logits, new SamplingOptions(temperature, topP, 7), step)]++;
        }

        double[] exponentials = [.. logits.Select(logit => Math.Exp(logit / (double)temperature))];
        int[] members = Members(exponentials, topP);
        double total = members.Sum(id => exponentials[id]);
        Assert.All(Enumerable.Range(0, logits.Length).Except(members), id => Assert.Equal(0, counts[id]));
        double chiSquare = members.Sum(id =>
        {
            double expected = draws * exponentials[id] / total;
            return (counts[id] - expected) * (counts[id] - expected) / expected;
        });
        // Mean k and deviation sqrt(2 k) for k degrees of freedom; the draws are fixed, so this does not fail by chance.
        int freedom = members.Length - 1;
        Assert.InRange(chiSquare, 0, freedom + (4 * Math.Sqrt(2 * freedom)));
    }

    [Fact]
    public void The_same_seed_and_step_choose_the_same_token_whatever_was_sampled_before()
    {
        float[] logits = LogitGenerators.ModelLike(1000, 1);
        var options = new SamplingOptions(0.8f, 0.9f, 5);
        int[] first = [.. Enumerable.Range(0, 50).Select(step => new Sampler(1000).Sample(logits, options, step))];
        var sampler = new Sampler(1000);
        sampler.Sample(LogitGenerators.ModelLike(1000, 2), new SamplingOptions(2f, 1f, 9), 3);
        int[] again = [.. Enumerable.Range(0, 50).Reverse().Select(step => sampler.Sample(logits, options, step)).Reverse()];
        Assert.Equal(first, again);
        Assert.NotEqual(first, Enumerable.Range(0, 50).Select(step => sampler.Sample(logits, options with { Seed = 6 }, step)));
        Assert.True(first.Distinct().Count() > 5);
    }

    [Fact]
    public void Greedy_takes_the_largest_logit_and_the_lowest_id_on_ties() =>
        LogitGenerators.Row.Sample(row =>
            new Sampler(row.Length).Sample(row, SamplingOptions.Greedy, 0) == Array.FindIndex(row, logit => logit == row.Max()), iter: 5000);

    [Fact]
    public void A_tiny_top_p_is_greedy() =>
        Gen.Select(LogitGenerators.Row, LogitGenerators.Options, Gen.OneOf(float.Epsilon, 1e-20f, 1e-7f)).Sample((row, options, topP) =>
            new Sampler(row.Length).Sample(row, options with { TopP = topP }, 0) == new Sampler(row.Length).Sample(row, SamplingOptions.Greedy, 0));

    [Fact]
    public void A_tiny_temperature_chooses_among_the_largest_logits() =>
        Gen.Select(LogitGenerators.Row, LogitGenerators.Options, Gen.OneOf(float.Epsilon, 1e-30f, 1e-9f)).Sample((row, options, temperature) =>
            row[new Sampler(row.Length).Sample(row, options with { Temperature = temperature }, 0)] >= row.Max() - 1e-6);

    [Fact]
    public void The_nucleus_cuts_ties_by_id()
    {
        float[] logits = [0f, 1f, 1f, 1f, 1f, 0f];
        // Four equal tokens of weight 1 and two of 1/e: half of the sum of 4.74 is reached by the third.
        var options = new SamplingOptions(1f, 0.5f, 0);
        var sampler = new Sampler(logits.Length);
        Assert.Equal([1, 2, 3], Enumerable.Range(0, 200).Select(step => sampler.Sample(logits, options, step)).Distinct().Order());
    }

    [Fact]
    public void Zero_and_minus_zero_tie()
    {
        float[] logits = [-0f, 0f, -5f];
        var sampler = new Sampler(logits.Length);
        Assert.Equal(0, sampler.Sample(logits, SamplingOptions.Greedy, 0));
        Assert.All(Enumerable.Range(0, 100), step => Assert.Equal(0, sampler.Sample(logits, new SamplingOptions(1f, 0.4f, 0), step)));
    }

    [Fact]
    public void Tokens_of_weight_zero_are_never_chosen() =>
        Gen.Select(LogitGenerators.Row, LogitGenerators.Options).Sample((row, options) =>
        {
            int id = new Sampler(row.Length).Sample(row, options with { TopP = 1f }, 0);
            return TokenWeights.Weight(row[id], row.Max(), TokenWeights.Scale(options.Temperature)) > 0;
        }, iter: 5000);

    [Fact]
    public void A_vocabulary_of_one_has_one_choice() =>
        LogitGenerators.Options.Sample(options => new Sampler(1).Sample([3.5f], options, 0) == 0);

    [Theory]
    [InlineData(float.NaN, 0)]
    [InlineData(float.PositiveInfinity, 0)]
    [InlineData(float.NaN, 36)]
    [InlineData(float.PositiveInfinity, 21)]
    public void NaN_and_infinity_are_refused_by_token(float logit, int token)
    {
        float[] logits = LogitGenerators.ModelLike(37, 0);
        logits[token] = logit;
        foreach (SamplingOptions options in (SamplingOptions[])[SamplingOptions.Greedy, new(0.8f, 0.9f, 0), new(1f, 1f, 0)])
        {
            string message = Assert.Throws<NonFiniteLogitsException>(() => new Sampler(37).Sample(logits, options, 0)).Message;
            Assert.Contains($"token {token} ", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Minus_infinity_alone_is_refused()
    {
        float[] logits = [.. Enumerable.Repeat(float.NegativeInfinity, 20)];
        Assert.Throws<NonFiniteLogitsException>(() => new Sampler(20).Sample(logits, SamplingOptions.Greedy, 0));
        logits[13] = -1e38f;
        Assert.Equal(13, new Sampler(20).Sample(logits, SamplingOptions.Greedy, 0));
        Assert.Equal(13, new Sampler(20).Sample(logits, new SamplingOptions(1f, 0.9f, 0), 0));
    }

    /// <summary>At every place, in whole vectors and behind them.</summary>
    [Fact]
    public void The_largest_float_is_a_logit_as_any_other()
    {
        for (int place = 0; place < 20; place++)
        {
            float[] logits = new float[20];
            logits[place] = float.MaxValue;
            Assert.Equal(place, new Sampler(20).Sample(logits, SamplingOptions.Greedy, 0));
            Assert.Equal(place, new Sampler(20).Sample(logits, new SamplingOptions(1f, 0.9f, 0), 0));
        }
    }

    [Fact]
    public void Wrong_arguments_are_refused()
    {
        var sampler = new Sampler(4);
        Assert.Throws<ArgumentException>(() => sampler.Sample(new float[3], SamplingOptions.Greedy, 0));
        Assert.Throws<ArgumentException>(() => sampler.Sample(new float[5], SamplingOptions.Greedy, 0));
        Assert.Throws<ArgumentException>(() => sampler.Sample(new float[4], new SamplingOptions(-1f, 1f, 0), 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => sampler.Sample(new float[4], SamplingOptions.Greedy, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Sampler(0));
    }

    [Fact]
    public void Sampling_allocates_nothing()
    {
        float[] logits = LogitGenerators.ModelLike(3001, 0);
        var sampler = new Sampler(logits.Length);
        SamplingOptions[] options = [SamplingOptions.Greedy, new(0.8f, 0.9f, 0), new(1f, 1f, 0)];
        Run();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Run();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Run()
        {
            for (int step = 0; step < 100; step++)
            {
                sampler.Sample(logits, options[step % 3], step);
            }
        }
    }

    /// <summary>The shortest set of most probable tokens whose probability reaches top-p, by real numbers.</summary>
    private static int[] Members(double[] exponentials, double topP)
    {
        int[] sorted = [.. Enumerable.Range(0, exponentials.Length).OrderByDescending(id => exponentials[id]).ThenBy(id => id)];
        double target = topP * exponentials.Sum();
        double sum = 0;
        int count = 0;
        while (count < sorted.Length && sum < target - 1e-9)
        {
            sum += exponentials[sorted[count++]];
        }

        return sorted[..count];
    }
}
