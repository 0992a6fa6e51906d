using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Backends.Cpu;
using GptQuantBench.Inference.Backends.Cpu.Kernels;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Quantization;
using GptQuantBench.Inference.Sampling;

namespace GptQuantBench.Inference.Tests.Backends;

public sealed class CpuBatchDecodingSessionTests
{
    private const int Sequences = 5;

    private static readonly int _vocabulary = TestModels.Odd.VocabularySize;

    public static TheoryData<string> Names => [.. Kernels.Names];

    public static TheoryData<string, string> NamesAndFormats => CpuDecodingSessionTests.NamesAndFormats;

    [Theory]
    [MemberData(nameof(NamesAndFormats))]
    public void A_batch_of_one_gives_the_ids_of_a_session(string name, string format)
    {
        using CpuLanguageModel model = TestModels.LoadRandom(TestModels.Odd, Kernels.Get(name), QuantizationFormat.Parse(format));
        int[] prompt = TestModels.Ids(9, _vocabulary, 1);
        foreach (SamplingOptions sampling in (SamplingOptions[])[SamplingOptions.Greedy, new(0.8f, 0.9f, 11)])
        {
            Assert.Equal(Alone(model, prompt, 20, sampling), Together(model, [(prompt, 20, sampling)])[0]);
        }
    }

    /// <summary>
    /// The trained model, so that a wrong sum changes ids: other prompts, lengths, seeds and temperatures in each sequence. Nuclei of few
    /// tokens, because among hundreds a draw soon falls between two sums that differ in their last bits.
    /// </summary>
    [Theory]
    [InlineData("FP16", false)]
    [InlineData("8-bit", true)]
    [InlineData("4-bit", false)]
    [InlineData("4-bit", true)]
    public void A_batch_gives_each_sequence_the_ids_that_it_gets_alone(string format, bool isInteger)
    {
        using CpuLanguageModel model = TestModels.LoadNano(
            CpuKernels.Default, QuantizationFormat.Parse(format), products: isInteger ? Products.Integer : Products.Float);
        (int[] Prompt, int Count, SamplingOptions Sampling)[] work =
        [
            ([464, 2003, 286, 9552, 318], 20, SamplingOptions.Greedy),
            ([464, 2003, 286, 9552, 318], 24, new(0.6f, 0.5f, 1)),
            ([464, 2003, 286, 9552, 318], 24, new(0.6f, 0.5f, 2)),
            ([1639], 30, new(0.4f, 0.6f, 3)),
            (TestModels.Ids(100, model.Configuration.VocabularySize, 2), 1, new(0.5f, 0.5f, 4)),
        ];
        int[][] together = Together(model, work);
        Assert.Equal(work.Select(sequence => Alone(model, sequence.Prompt, sequence.Count, sequence.Sampling)), together);
        Assert.NotEqual(together[1], together[2]);
    }

    /// <summary>Prompts of several lengths in one pass, in pieces, then single ids of some of the sequences: all logits, with given ids.</summary>
    [Theory]
    [MemberData(nameof(NamesAndFormats))]
    public void Logits_of_every_position_are_those_of_a_sequence_alone(string name, string format)
    {
        using CpuLanguageModel model = TestModels.LoadRandom(TestModels.Odd, Kernels.Get(name), QuantizationFormat.Parse(format));
        Assert.InRange(LargestDifference(model), 0, Tolerances.SameModelRelativeRms);
    }

    [Theory]
    [InlineData("8-bit")]
    [InlineData("4-bit")]
    [InlineData("int4-g64-asym")]
    public void Logits_with_integer_products_too(string format)
    {
        foreach (CpuKernel kernel in CpuKernels.All.Where(kernel => kernel.IsSupported))
        {
            using CpuLanguageModel model = TestModels.LoadRandom(
                TestModels.Odd, kernel, QuantizationFormat.Parse(format), products: Products.Integer);
            Assert.InRange(LargestDifference(model), 0, Tolerances.IntegerProducts(model.Format.Bits));
        }
    }

    [Fact]
    public void A_sequence_never_reads_what_it_has_not_written_itself()
    {
        using CpuLanguageModel model = TestModels.LoadRandom(TestModels.Odd, CpuKernels.Default, QuantizationFormat.Fp16);
        using CpuBatchDecodingSession batch = (CpuBatchDecodingSession)model.CreateBatch(3, 64);
        int[] prompt = TestModels.Ids(7, _vocabulary, 3);
        int[] generated = new int[12];

        // Longer text first, so that finite values stand where they must not be read; then NaN in the neighbours' caches.
        BatchSequence longer = new(TestModels.Ids(60, _vocabulary, 4), new int[1], SamplingOptions.Greedy);
        batch.Extend([longer, longer, longer]);
        batch.Reset();
        for (int sequence = 0; sequence < 3; sequence++)
        {
            batch.PoisonCache(sequence, 0);
        }

        batch.Extend([default, new(prompt, generated, SamplingOptions.Greedy), default]);
        Assert.Equal(Alone(model, prompt, 12, SamplingOptions.Greedy), generated);
        Assert.Equal((0, 18, 0), (batch.PositionOf(0), batch.PositionOf(1), batch.PositionOf(2)));
        int[] next = new int[12], poisoned = new int[12];
        batch.Extend([default, new(prompt, next, SamplingOptions.Greedy), default]);
        batch.Rewind(1, 18);
        batch.PoisonCache(1, 17);
        batch.Extend([default, new(prompt, poisoned, SamplingOptions.Greedy), default]);
        Assert.NotEqual(next, poisoned);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Extending_and_rewinding_give_what_one_call_gives(string name)
    {
        using CpuLanguageModel model = TestModels.LoadRandom(TestModels.Odd, Kernels.Get(name), QuantizationFormat.Fp16);
        using IBatchDecodingSession batch = model.CreateBatch(2, 64);
        int[] first = TestModels.Ids(30, _vocabulary, 8), second = TestModels.Ids(11, _vocabulary, 9);
        int[][] expected = Together(model, [(first, 12, SamplingOptions.Greedy), (second, 12, SamplingOptions.Greedy)]);

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

        static BatchSequence Feed(int[] ids) => new(ids, Memory<int>.Empty, SamplingOptions.Greedy);
    }

    [Fact]
    public void Sequences_may_fill_the_capacity_and_what_does_not_fit_changes_nothing()
    {
        using CpuLanguageModel model = TestModels.LoadRandom(TestModels.Odd, CpuKernels.Default, QuantizationFormat.Fp16);
        using IBatchDecodingSession batch = model.CreateBatch(2, 10);
        Assert.Equal((2, 64), (batch.BatchSize, batch.Capacity));
        BatchSequence full = new(TestModels.Ids(60, _vocabulary, 6), new int[5], SamplingOptions.Greedy);
        batch.Extend([full, new(new[] { 1 }, new int[3], SamplingOptions.Greedy)]);
        Assert.Equal((64, 3), (batch.PositionOf(0), batch.PositionOf(1)));

        BatchSequence one = new(new[] { 1 }, new int[1], SamplingOptions.Greedy);
        ArgumentException exception = Assert.Throws<ArgumentException>(() => batch.Extend([one, one]));
        Assert.Contains("65 positions does not fit the session's 64", exception.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => batch.Extend([default, new(new[] { _vocabulary }, new int[1], SamplingOptions.Greedy)]));
        Assert.Throws<ArgumentException>(() => batch.Extend([default, new(ReadOnlyMemory<int>.Empty, new int[1], SamplingOptions.Greedy)]));
        Assert.Contains(
            "1 sequences are given to a batch of 2", Assert.Throws<ArgumentException>(() => batch.Extend([one])).Message, StringComparison.Ordinal);
        Assert.Equal((64, 3), (batch.PositionOf(0), batch.PositionOf(1)));
        Assert.Throws<ArgumentException>(() => model.CreateBatch(2, 71));
        Assert.Throws<ArgumentOutOfRangeException>(() => model.CreateBatch(0, 8));
    }

    [Fact]
    public void Extending_allocates_nothing_on_the_managed_heap()
    {
        using CpuLanguageModel model = TestModels.LoadRandom(TestModels.Odd, CpuKernels.Default, QuantizationFormat.FourBit);
        using IBatchDecodingSession batch = model.CreateBatch(3, 64);
        BatchSequence[] work =
            [.. Enumerable.Range(0, 3).Select(seed => new BatchSequence(new[] { 1, 2, 3 }, new int[40], new(0.8f, 0.9f, (ulong)seed)))];
        Assert.Equal(0, Allocations.Least(() =>
        {
            batch.Reset();
            batch.Extend(work);
        }));
    }

    [Fact]
    public void Memory_grows_with_the_batch_and_comes_back()
    {
        MemoryLedger ledger = new();
        using CpuLanguageModel model = TestModels.LoadRandom(TestModels.Odd, CpuKernels.Default, QuantizationFormat.FourBit, ledger);
        long loaded = ledger.Usage.TotalBytes;
        using (model.CreateBatch(7, 64))
        {
            // 7 sequences, 2 layers, 5 heads, keys of 11 and values of 11 padded to 16, FP32.
            Assert.Equal(7L * 2 * 5 * (11 + 16) * 64 * 2, ledger.Usage.KeyValueCacheBytes);
            Assert.True(ledger.Usage.WorkspaceBytes >= 7L * _vocabulary * 4);
        }

        Assert.Equal(loaded, ledger.Usage.TotalBytes);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public unsafe void Logits_of_some_ids_are_what_they_are_among_all(string name)
    {
        using CpuLanguageModel model = TestModels.LoadRandom(TestModels.Odd, Kernels.Get(name), QuantizationFormat.Fp16);
        int[] ids = TestModels.Ids(20, _vocabulary, 6);
        float[] all = TestModels.Logits(model, ids), next = new float[_vocabulary];
        using ICpuForwardPass forward = model.CreateForwardPass(2, 64);
        foreach (int[] wanted in new int[][] { [19], [0, 7, 19], [18, 19], [] })
        {
            float[] some = new float[wanted.Length * _vocabulary];
            forward.Append(ids, [new SequenceRun(0, 0, ids.Length)], wanted);
            fixed (float* logits = some)
            {
                for (int i = 0; i < wanted.Length; i++)
                {
                    forward.ComputeLogits(i, 1, logits + (i * _vocabulary));
                }
            }

            float[] expected = [.. wanted.SelectMany(token => all.Skip(token * _vocabulary).Take(_vocabulary))];
            Assert.True(wanted.Length == 0 || KernelComparison.RelativeRms(expected, some) <= Tolerances.SameModelRelativeRms);
        }

        // Nothing was wanted the last time, but keys and values are there for the next id.
        forward.Append([ids[0]], [new SequenceRun(0, 20, 1)], [0]);
        fixed (float* logits = next)
        {
            forward.ComputeLogits(0, 1, logits);
        }

        float[] whole = TestModels.Logits(model, [.. ids, ids[0]]);
        Assert.InRange(KernelComparison.RelativeRms(whole.AsSpan(^_vocabulary..), next), 0, Tolerances.SameModelRelativeRms);
    }

    private static int[] Alone(CpuLanguageModel model, int[] prompt, int count, SamplingOptions sampling)
    {
        using IDecodingSession session = model.CreateSession(prompt.Length + count);
        int[] generated = new int[count];
        session.Generate(prompt, generated, sampling);
        return generated;
    }

    private static int[][] Together(CpuLanguageModel model, (int[] Prompt, int Count, SamplingOptions Sampling)[] work)
    {
        using IBatchDecodingSession batch = model.CreateBatch(work.Length, work.Max(sequence => sequence.Prompt.Length + sequence.Count));
        BatchSequence[] sequences = [.. work.Select(sequence => new BatchSequence(sequence.Prompt, new int[sequence.Count], sequence.Sampling))];
        batch.Extend(sequences);
        return [.. sequences.Select(sequence => sequence.Generated.ToArray())];
    }

    /// <summary>The largest relative RMS of a sequence's logits in a batch against those alone, over passes of every shape.</summary>
    private static unsafe double LargestDifference(CpuLanguageModel model)
    {
        using ICpuForwardPass forward = model.CreateForwardPass(Sequences, 64);
        int[] lengths = [40, 1, 23, 9, 40];
        int[][] ids = [.. lengths.Select((length, seed) => TestModels.Ids(length, _vocabulary, seed))];
        List<float>[] actual = [.. ids.Select(_ => new List<float>())];

        // Whole prompts beside the first ids of others, then one id of each, then of some, until all have been fed.
        int[][] counts = [[20, 1, 7, 1, 0], [1, 0, 1, 1, 1], [2, 0, 5, 1, 20], [17, 0, 10, 6, 19]];
        int[] positions = new int[Sequences];
        float[] logits = new float[forward.MaximumTokens * _vocabulary];
        foreach (int[] pass in counts)
        {
            Assert.True(pass.Sum() <= forward.MaximumTokens);
            SequenceRun[] runs =
                [.. Enumerable.Range(0, Sequences).Where(i => pass[i] > 0).Select(i => new SequenceRun(i, positions[i], pass[i]))];
            forward.Append([.. runs.SelectMany(run => ids[run.Sequence].Skip(run.Position).Take(run.Count))], runs, [.. Enumerable.Range(0, pass.Sum())]);
            int token = 0;
            foreach (SequenceRun run in runs)
            {
                fixed (float* rows = logits)
                {
                    forward.ComputeLogits(token, run.Count, rows);
                }

                actual[run.Sequence].AddRange(logits.Take(run.Count * _vocabulary));
                token += run.Count;
                positions[run.Sequence] += run.Count;
            }
        }

        Assert.Equal(lengths, positions);
        return ids.Select((own, i) => KernelComparison.RelativeRms(TestModels.Logits(model, own), [.. actual[i]])).Max();
    }
}
