using System.Numerics.Tensors;
using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Backends.Cuda;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Quantization;
using GptQuantBench.Inference.Sampling;

namespace GptQuantBench.Gpu.Tests.Backends;

/// <summary>Sequences that decode together get what each gets alone.</summary>
public sealed class BatchSessionTests
{
    /// <summary>
    /// The trained model, so that a wrong sum changes ids: other prompts, lengths, seeds and temperatures in each sequence. Nuclei of few
    /// tokens, because among hundreds a draw soon falls between two sums that differ in their last bits; where one does, both ids must be
    /// the CPU sampler's for logits as far apart as those of two kernels may be.
    /// </summary>
    [Theory]
    [MemberData(nameof(ModelTests.PathsAndFormats), MemberType = typeof(ModelTests))]
    public void A_batch_gives_each_sequence_the_ids_that_it_gets_alone(string decode, string name)
    {
        using OpenedModel model = TestModels.Nano();
        using CudaLanguageModel cuda = TestModels.OnCuda(model, QuantizationFormat.Parse(name), decode);
        BatchWork[] work =
        [
            new([464, 2003, 286, 9552, 318], 20, SamplingOptions.Greedy),
            new([464, 2003, 286, 9552, 318], 24, new(0.6f, 0.5f, 1)),
            new([464, 2003, 286, 9552, 318], 24, new(0.6f, 0.5f, 2)),
            new([1639], 30, new(0.4f, 0.6f, 3)),
            new([.. Enumerable.Repeat<int[]>([464, 2003, 286, 9552, 318], 20).SelectMany(ids => ids)], 1, SamplingOptions.Greedy),
        ];
        int[][] together = Together(cuda, work);
        Assert.All(work.Zip(together), pair => AssertSame(cuda, pair.First, pair.Second));
        if (name == "fp16")
        {
            Assert.NotEqual(together[1], together[2]); // by their seeds alone; in 4 bits one token is the nucleus of every step
        }
    }

    /// <summary>Every number of rows that another kernel serves, with the batch's memory counted and given back.</summary>
    [Theory]
    [InlineData("FP16")]
    [InlineData("8-bit")]
    [InlineData("4-bit")]
    [InlineData("int4-g64-asym")]
    [InlineData("int8-g128-sym")]
    public void Batches_of_every_size_give_the_same_ids(string name)
    {
        using OpenedModel model = TestModels.Nano();
        using CudaLanguageModel cuda = TestModels.OnCuda(model, QuantizationFormat.Parse(name));
        BatchWork one = new([464, 2003, 286, 9552, 318], 16, SamplingOptions.Greedy);
        int[] expected = Alone(cuda, one);
        cuda.TryGetCuBlas(out _);
        long loaded = cuda.Memory.TotalBytes;
        foreach (int size in (int[])[1, 2, 8, 17, 33, 64, 65])
        {
            Assert.All(Together(cuda, [.. Enumerable.Repeat(one, size)]), ids => Assert.Equal(expected, ids));
            Assert.Equal(loaded, cuda.Memory.TotalBytes);
        }
    }

    /// <summary>A wide model, whose products take the tiled kernels.</summary>
    [Theory]
    [InlineData("FP16")]
    [InlineData("8-bit")]
    [InlineData("4-bit")]
    public void Large_matrices_too(string name)
    {
        using OpenedModel model = TestModels.Synthetic("xl-slice");
        QuantizationFormat format = QuantizationFormat.Parse(name);
        using CudaLanguageModel cuda = TestModels.OnCuda(model, format);
        BatchWork[] work = [.. Enumerable.Range(1, 20).Select(i => new BatchWork(TestModels.Ids(i, model.Configuration.VocabularySize), 2, SamplingOptions.Greedy))];
        int[][] together = Together(cuda, work);

        // Made-up weights leave logits close together: the first id, of one pass, must be the same; the next may fall on the other side.
        int same = work.Select((sequence, i) => Alone(cuda, sequence)[0] == together[i][0] ? 1 : 0).Sum();
        Assert.InRange(same, work.Length - 1, work.Length);
    }

    [Fact]
    public void Extending_rewinding_and_sitting_out()
    {
        using OpenedModel model = TestModels.Nano();
        using CudaLanguageModel cuda = TestModels.OnCuda(model, QuantizationFormat.FourBit);
        int[] first = TestModels.Ids(30, model.Configuration.VocabularySize), second = TestModels.Ids(11, model.Configuration.VocabularySize);
        int[][] expected = Together(cuda, [new(first, 12, SamplingOptions.Greedy), new(second, 12, SamplingOptions.Greedy)]);
        using CudaBatchDecodingSession batch = (CudaBatchDecodingSession)cuda.CreateBatch(2, 64);
        batch.PoisonCache(0);
        batch.PoisonCache(1);
        batch.Extend([Feed(first[..17]), Feed(second[..10])]);
        batch.Extend([Feed(first[17..29]), default]);
        for (int round = 0; round < 2; round++)
        {
            int[][] extended = [new int[12], new int[12]];
            batch.Extend([new(first.AsMemory(29), extended[0], SamplingOptions.Greedy), new(second.AsMemory(10), extended[1], SamplingOptions.Greedy)]);
            Assert.Equal(expected, extended);
            Assert.Equal((41, 22), (batch.PositionOf(0), batch.PositionOf(1)));
            batch.Rewind(0, 29);
            batch.Rewind(1, 10);
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => batch.Rewind(1, 11));
        batch.PoisonCache(1);
        Assert.Throws<NonFiniteLogitsException>(() => batch.Extend([default, new(new[] { 1 }, new int[1], SamplingOptions.Greedy)]));
        Assert.Throws<ArgumentException>(() => batch.Extend([default, new(TestModels.Ids(60, 100), new int[9], SamplingOptions.Greedy)]));

        static BatchSequence Feed(int[] ids) => new(ids, Memory<int>.Empty, SamplingOptions.Greedy);
    }

    private static void AssertSame(CudaLanguageModel model, BatchWork work, int[] together)
    {
        int[] alone = Alone(model, work);
        int equal = alone.AsSpan().CommonPrefixLength(together);
        if (equal == alone.Length || work.Sampling.IsGreedy)
        {
            Assert.Equal(alone, together);
            return;
        }

        int[] before = [.. work.Prompt, .. alone[..equal]];
        int vocabulary = model.Configuration.VocabularySize;
        float[] logits = TestModels.Logits(model, before)[^vocabulary..];
        float deviation = (float)(ModelTests.GoldenTolerance * Math.Sqrt(TensorPrimitives.SumOfSquares<float>(logits) / vocabulary));
        Random random = new(1);
        Sampler sampler = new(vocabulary);
        HashSet<int> possible = [];
        for (int trial = 0; trial < 200; trial++)
        {
            float[] near = Numbers.Normal(random, vocabulary, deviation);
            TensorPrimitives.Add(near, logits, near);
            possible.Add(sampler.Sample(near, work.Sampling, equal));
        }

        Assert.Contains(alone[equal], possible);
        Assert.Contains(together[equal], possible);
    }

    private static int[] Alone(CudaLanguageModel model, BatchWork work)
    {
        using IDecodingSession session = model.CreateSession(work.Prompt.Length + work.Count);
        int[] generated = new int[work.Count];
        session.Generate(work.Prompt, generated, work.Sampling);
        return generated;
    }

    private static int[][] Together(CudaLanguageModel model, BatchWork[] work)
    {
        using IBatchDecodingSession batch = model.CreateBatch(work.Length, work.Max(sequence => sequence.Prompt.Length + sequence.Count));
        BatchSequence[] sequences = [.. work.Select(sequence => new BatchSequence(sequence.Prompt, new int[sequence.Count], sequence.Sampling))];
        batch.Extend(sequences);
        return [.. sequences.Select(sequence => sequence.Generated.ToArray())];
    }

    private sealed record BatchWork(int[] Prompt, int Count, SamplingOptions Sampling);
}
