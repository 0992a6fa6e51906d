using CsCheck;
using GptQuantBench.Inference.Sampling;

namespace GptQuantBench.Inference.Tests.Sampling;

public sealed class LogitBucketsTests
{
    [Fact]
    public void Buckets_and_their_sums_are_those_of_single_tokens() =>
        Gen.Select(LogitGenerators.Row, LogitGenerators.Options).Sample((row, options) =>
        {
            float scale = TokenWeights.Scale(options.Temperature);
            int[] weights = [.. row.Select(logit => TokenWeights.Weight(logit, row.Max(), scale))];
            int[] buckets = new int[row.Length];
            ulong[] sums = new ulong[LogitBuckets.Count], expected = new ulong[LogitBuckets.Count];
            Array.Fill(sums, 77UL);
            LogitBuckets.Add(row, weights, row.Max(), scale, buckets, sums);
            for (int id = 0; id < row.Length; id++)
            {
                Assert.Equal(LogitBuckets.Of(row[id], row.Max(), scale), buckets[id]);
                expected[buckets[id]] += (uint)weights[id];
            }

            Assert.Equal(expected, sums);
            int[] ids = new int[row.Length];
            int count = LogitBuckets.Collect(buckets, buckets[row.Length / 2], 100, ids);
            Assert.Equal(Enumerable.Range(0, row.Length).Where(id => buckets[id] == buckets[row.Length / 2]).Select(id => 100 + id), ids[..count]);
            Assert.Equal(0, LogitBuckets.Collect(buckets, LogitBuckets.Count, 0, ids));
        }, iter: 2000);

    [Fact]
    public void A_larger_logit_is_never_in_a_later_bucket() =>
        Gen.Select(LogitGenerators.Row, LogitGenerators.Options).Sample((row, options) =>
        {
            float scale = TokenWeights.Scale(options.Temperature);
            int[] buckets = [.. row.OrderDescending().Select(logit => LogitBuckets.Of(logit, row.Max(), scale))];
            Assert.Equal(0, buckets[0]);
            Assert.Equal(buckets.Order(), buckets);
        }, iter: 2000);

    /// <summary>32 an octave; the bound of a bucket belongs to it, and behind 31 octaves nothing is told apart.</summary>
    [Theory]
    [InlineData(0f, 0)]
    [InlineData(-0.03125f, 1)]
    [InlineData(-1f, 32)]
    [InlineData(-1.0312499f, 32)]
    [InlineData(-30.97f, 991)]
    [InlineData(-31f, 992)]
    [InlineData(-1e30f, 992)]
    [InlineData(float.NegativeInfinity, 992)]
    public void Buckets_are_parts_of_octaves(float logit, int bucket) => Assert.Equal(bucket, LogitBuckets.Of(logit, 0, 1));
}
