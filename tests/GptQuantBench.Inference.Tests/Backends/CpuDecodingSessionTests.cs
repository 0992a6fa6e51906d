using System.Buffers.Binary;
using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Backends.Cpu;
using GptQuantBench.Inference.Backends.Cpu.Kernels;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;
using GptQuantBench.Inference.Sampling;

namespace GptQuantBench.Inference.Tests.Backends;

public class CpuDecodingSessionTests
{
    private static readonly int _vocabulary = TestModels.Odd.VocabularySize;

    public static TheoryData<string> Names => [.. Kernels.Names];

    public static TheoryData<string, string> NamesAndFormats
    {
        get
        {
            TheoryData<string, string> data = [];
            foreach (string kernel in Kernels.Names)
            {
                data.Add(kernel, "FP16");
                data.Add(kernel, "8-bit");
                data.Add(kernel, "4-bit");
                data.Add(kernel, "int4-g64-asym");
                data.Add(kernel, "int8-g32-sym");
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(NamesAndFormats))]
    public void A_prompt_in_one_pass_equals_its_steps_up_to_the_whole_context(string name, string format)
    {
        using CpuLanguageModel model = TestModels.LoadRandom(TestModels.Odd, Kernels.Get(name), QuantizationFormat.Parse(format));
        int[] ids = TestModels.Ids(model.Configuration.ContextLength, _vocabulary, 1);
        float[] atOnce = TestModels.Logits(model, ids);
        using CpuDecodingSession session = (CpuDecodingSession)model.CreateSession(ids.Length);
        Assert.Equal(ids.Length, session.Capacity);
        float[] stepped = [.. ids.SelectMany(id => TestModels.Logits(session, [id], _vocabulary))];
        Assert.Equal(ids.Length, session.Position);
        Assert.InRange(KernelComparison.RelativeRms(atOnce, stepped), 0, Tolerances.SameModelRelativeRms);
    }

    [Theory]
    [InlineData("8-bit")]
    [InlineData("4-bit")]
    [InlineData("int4-g64-asym")]
    public void With_integer_products_a_prompt_equals_its_steps(string format)
    {
        foreach (CpuKernel kernel in CpuKernels.All.Where(kernel => kernel.IsSupported))
        {
            using CpuLanguageModel model = TestModels.LoadRandom(
                TestModels.Odd, kernel, QuantizationFormat.Parse(format), products: Products.Integer);
            int[] ids = TestModels.Ids(40, _vocabulary, 1);
            float[] atOnce = TestModels.Logits(model, ids);
            using CpuDecodingSession session = (CpuDecodingSession)model.CreateSession(ids.Length);
            float[] stepped = [.. ids.SelectMany(id => TestModels.Logits(session, [id], _vocabulary))];
            Assert.InRange(KernelComparison.RelativeRms(atOnce, stepped), 0, Tolerances.IntegerProducts(model.Format.Bits));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Pieces_of_any_length_equal_the_whole(string name)
    {
        using CpuLanguageModel model = TestModels.LoadRandom(TestModels.Odd, Kernels.Get(name), QuantizationFormat.Fp16);
        int[] ids = TestModels.Ids(50, _vocabulary, 2);
        float[] atOnce = TestModels.Logits(model, ids);
        using CpuDecodingSession session = (CpuDecodingSession)model.CreateSession(50);
        int[][] pieces = [ids[..7], ids[7..8], ids[8..31], ids[31..33], ids[33..]];
        float[] joined = [.. pieces.SelectMany(piece => TestModels.Logits(session, piece, _vocabulary))];
        Assert.InRange(KernelComparison.RelativeRms(atOnce, joined), 0, Tolerances.SameModelRelativeRms);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Cache_slots_that_were_never_written_are_never_read(string name)
    {
        using CpuLanguageModel model = TestModels.LoadRandom(TestModels.Odd, Kernels.Get(name), QuantizationFormat.Fp16);
        int[] ids = TestModels.Ids(40, _vocabulary, 3);
        float[] expected = TestModels.Logits(model, ids);
        using CpuDecodingSession session = (CpuDecodingSession)model.CreateSession(70);

        // An earlier, longer sequence leaves finite values behind that would hide a read.
        TestModels.Logits(session, TestModels.Ids(70, _vocabulary, 4), _vocabulary);
        session.Reset();
        session.PoisonCache(session.Position);
        List<float> actual = [];
        foreach (int[] piece in new[] { ids[..3], ids[3..20], ids[20..21], ids[21..] })
        {
            actual.AddRange(TestModels.Logits(session, piece, _vocabulary));
            session.PoisonCache(session.Position);
        }

        Assert.InRange(KernelComparison.RelativeRms(expected, actual.ToArray()), 0, Tolerances.SameModelRelativeRms);
    }

    [Fact]
    public void Poison_in_a_used_slot_would_be_seen()
    {
        using CpuLanguageModel model = TestModels.LoadRandom(TestModels.Odd, CpuKernels.All[^1], QuantizationFormat.Fp16);
        using CpuDecodingSession session = (CpuDecodingSession)model.CreateSession(8);
        float[] expected = TestModels.Logits(session, [1, 2, 3, 4], _vocabulary)[^_vocabulary..];
        session.Rewind(3);
        session.PoisonCache(2);
        float[] actual = TestModels.Logits(session, [4], _vocabulary);
        Assert.True(KernelComparison.RelativeRms(expected, actual) > 1000 * Tolerances.SameModelRelativeRms);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Generating_equals_computing_logits_and_choosing(string name)
    {
        using CpuLanguageModel model = TestModels.LoadRandom(TestModels.Odd, Kernels.Get(name), QuantizationFormat.Fp16);
        using CpuDecodingSession session = (CpuDecodingSession)model.CreateSession(64);
        int[] prompt = TestModels.Ids(9, _vocabulary, 5);
        SamplingOptions sampling = new(0.8f, 0.9f, 11);
        int[] generated = new int[20];
        List<(int, int)> streamed = [];
        session.Generate(prompt, generated, sampling, (index, id) => streamed.Add((index, id)));
        Assert.Equal(generated.Select((id, index) => (index, id)), streamed);
        Assert.Equal(prompt.Length + generated.Length - 1, session.Position);

        int[] again = new int[20];
        session.Generate(prompt, again, sampling);
        Assert.Equal(generated, again);

        Sampler sampler = new(_vocabulary);
        session.Reset();
        float[] logits = TestModels.Logits(session, prompt, _vocabulary)[^_vocabulary..];
        for (int step = 0; step < 5; step++)
        {
            int id = sampler.Sample(logits, sampling, step);
            Assert.Equal(generated[step], id);
            logits = TestModels.Logits(session, [id], _vocabulary);
        }
    }

    [Fact]
    public void A_sequence_may_fill_the_capacity_and_not_a_position_more()
    {
        using CpuLanguageModel model = TestModels.LoadRandom(TestModels.Odd, CpuKernels.All[^1], QuantizationFormat.Fp16);
        using IDecodingSession session = model.CreateSession(10);
        Assert.Equal(64, session.Capacity);
        int[] prompt = TestModels.Ids(60, _vocabulary, 6);
        session.Generate(prompt, new int[5], SamplingOptions.Greedy);
        Assert.Equal(64, session.Position);
        ArgumentException exception = Assert.Throws<ArgumentException>(() => session.Generate(prompt, new int[6], SamplingOptions.Greedy));
        Assert.Contains("65 positions does not fit the session's 64", exception.Message, StringComparison.Ordinal);

        session.Reset();
        session.ComputeLogits(prompt, (_, _, _) => { });
        Assert.Throws<ArgumentException>(() => session.ComputeLogits([1, 2, 3, 4, 5], (_, _, _) => { }));
        session.ComputeLogits([1, 2, 3, 4], (_, _, _) => { });
        Assert.Throws<ArgumentException>(() => session.ComputeLogits([1], (_, _, _) => { }));
    }

    [Theory]
    [InlineData(1, 64)]
    [InlineData(64, 64)]
    [InlineData(65, 70)]
    [InlineData(70, 70)]
    public void Capacity_is_rounded_up_to_64_but_not_beyond_the_context(int asked, int given)
    {
        using CpuLanguageModel model = TestModels.LoadRandom(TestModels.Odd, CpuKernels.All[^1], QuantizationFormat.Fp16);
        using IDecodingSession session = model.CreateSession(asked);
        Assert.Equal(given, session.Capacity);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(71)]
    public void A_capacity_that_the_model_cannot_have_is_an_error(int capacity)
    {
        using CpuLanguageModel model = TestModels.LoadRandom(TestModels.Odd, CpuKernels.All[^1], QuantizationFormat.Fp16);
        ArgumentException exception = Assert.Throws<ArgumentException>(() => model.CreateSession(capacity));
        Assert.Contains("1 to 70", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(307)]
    [InlineData(int.MaxValue)]
    public void An_id_outside_the_vocabulary_is_an_error_that_names_it(int id)
    {
        using CpuLanguageModel model = TestModels.LoadRandom(TestModels.Odd, CpuKernels.All[^1], QuantizationFormat.Fp16);
        using IDecodingSession session = model.CreateSession(8);
        ArgumentException exception = Assert.Throws<ArgumentException>(() => session.Generate([1, id], new int[1], SamplingOptions.Greedy));
        Assert.Contains($"Token id {id} is outside the vocabulary of 0 to 306", exception.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => session.ComputeLogits([id], (_, _, _) => { }));
    }

    [Fact]
    public void An_empty_prompt_is_an_error()
    {
        using CpuLanguageModel model = TestModels.LoadRandom(TestModels.Odd, CpuKernels.All[^1], QuantizationFormat.Fp16);
        using IDecodingSession session = model.CreateSession(8);
        Assert.Throws<ArgumentException>(() => session.Generate([], new int[1], SamplingOptions.Greedy));
        Assert.Throws<ArgumentException>(() => session.ComputeLogits([], (_, _, _) => { }));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Extending_and_rewinding_give_what_one_generation_gives(string name)
    {
        using CpuLanguageModel model = TestModels.LoadRandom(TestModels.Odd, Kernels.Get(name), QuantizationFormat.Fp16);
        using IDecodingSession session = model.CreateSession(64);
        int[] prompt = TestModels.Ids(30, _vocabulary, 8), other = TestModels.Ids(20, _vocabulary, 9);
        int[] expected = new int[12], extended = new int[12], again = new int[12];
        session.Generate(prompt, expected, SamplingOptions.Greedy);

        session.Reset();
        session.Extend(prompt.AsSpan(0, 17), [], SamplingOptions.Greedy);
        Assert.Equal(17, session.Position);
        session.Extend(prompt.AsSpan(17, 12), [], SamplingOptions.Greedy);
        session.Extend(prompt.AsSpan(29), extended, SamplingOptions.Greedy);
        Assert.Equal(30 + 12 - 1, session.Position);
        Assert.Equal(expected, extended);

        // What stands behind the position after a rewind is other text, and must not be read.
        session.Rewind(9);
        session.Extend(other, new int[3], SamplingOptions.Greedy);
        session.Rewind(9);
        Assert.Equal(9, session.Position);
        session.Extend(prompt.AsSpan(9), again, SamplingOptions.Greedy);
        Assert.Equal(expected, again);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(4)]
    public void A_rewind_to_a_position_that_was_not_reached_is_an_error(int position)
    {
        using CpuLanguageModel model = TestModels.LoadRandom(TestModels.Odd, CpuKernels.All[^1], QuantizationFormat.Fp16);
        using IDecodingSession session = model.CreateSession(8);
        session.Extend([1, 2, 3], [], SamplingOptions.Greedy);
        Assert.Throws<ArgumentOutOfRangeException>(() => session.Rewind(position));
        Assert.Equal(3, session.Position);
    }

    [Fact]
    public void An_extension_that_does_not_fit_is_an_error()
    {
        using CpuLanguageModel model = TestModels.LoadRandom(TestModels.Odd, CpuKernels.All[^1], QuantizationFormat.Fp16);
        using IDecodingSession session = model.CreateSession(64);
        session.Extend(TestModels.Ids(60, _vocabulary, 1), [], SamplingOptions.Greedy);
        Assert.Throws<ArgumentException>(() => session.Extend([1], new int[5], SamplingOptions.Greedy));
        session.Extend([1], new int[4], SamplingOptions.Greedy);
        Assert.Equal(64, session.Position);
    }

    [Fact]
    public void Timed_ids_are_the_same_and_their_times_make_up_the_whole()
    {
        using CpuLanguageModel model = TestModels.LoadRandom(TestModels.Odd, CpuKernels.All[^1], QuantizationFormat.Fp16);
        using IDecodingSession session = model.CreateSession(64);
        SamplingOptions sampling = new(0.8f, 0.9f, 3);
        int[] expected = new int[30], timed = new int[30];
        session.Generate([1, 2, 3], expected, sampling);
        double[] milliseconds = new double[29];
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        session.GenerateTimed([1, 2, 3], timed, sampling, milliseconds);
        double whole = System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        Assert.Equal(expected, timed);
        Assert.All(milliseconds, time => Assert.True(time > 0));
        Assert.True(milliseconds.Sum() < whole);
        Assert.Throws<ArgumentException>(() => session.GenerateTimed([1], timed, sampling, new double[30]));
    }

    [Theory]
    [InlineData("FP16", false)]
    [InlineData("4-bit", false)]
    [InlineData("4-bit", true)]
    public void Generating_allocates_nothing_on_the_managed_heap(string format, bool isInteger)
    {
        using CpuLanguageModel model = TestModels.LoadRandom(
            TestModels.Odd, CpuKernels.Default, QuantizationFormat.Parse(format), products: isInteger ? Products.Integer : Products.Float);
        using IDecodingSession session = model.CreateSession(64);
        int[] prompt = [1, 2, 3], generated = new int[40];
        SamplingOptions sampling = new(0.8f, 0.9f, 1);
        Assert.Equal(0, Allocations.Least(() => session.Generate(prompt, generated, sampling)));
    }

    [Fact]
    public void All_memory_is_back_when_everything_is_disposed()
    {
        MemoryLedger ledger = new();
        CpuLanguageModel model = TestModels.LoadRandom(TestModels.Odd, CpuKernels.All[^1], QuantizationFormat.FourBit, ledger);
        MemoryUsage loaded = ledger.Usage;
        Assert.Equal(loaded.WeightBytes, loaded.TotalBytes);
        IDecodingSession session = model.CreateSession(64);

        // 2 layers, 5 heads, keys of 11 and values of 11 padded to 16, FP16.
        Assert.Equal(2L * 5 * (11 + 16) * 64 * 2, ledger.Usage.KeyValueCacheBytes);
        session.ComputeLogits([1, 2, 3], (_, _, _) => { });
        Assert.True(ledger.Usage.WorkspaceBytes > 0);
        session.Dispose();
        Assert.Equal(loaded.TotalBytes, ledger.Usage.TotalBytes);
        model.Dispose();
        Assert.Equal(0, ledger.Usage.TotalBytes);
    }

    [Theory]
    [InlineData("FP16")]
    [InlineData("8-bit")]
    [InlineData("4-bit")]
    public void Weights_that_are_not_finite_are_refused_and_leave_nothing_behind(string format)
    {
        MemoryLedger ledger = new();
        ModelFormatException exception = Assert.Throws<ModelFormatException>(() => TestModels.LoadRandom(
            TestModels.Odd, CpuKernels.All[^1], QuantizationFormat.Parse(format), ledger, file => Overwrite(file, float.NaN)));
        Assert.Contains("Tensor '", exception.Message, StringComparison.Ordinal);
        Assert.Contains("random.safetensors holds NaN or infinity", exception.Message, StringComparison.Ordinal);
        Assert.Equal(0, ledger.Usage.TotalBytes);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Logits_that_are_not_finite_are_the_samplers_clear_error(bool isInteger)
    {
        // Gain and bias of the last norm: finite, and overflow only when they are used.
        using CpuLanguageModel model = TestModels.LoadRandom(
            TestModels.Odd, CpuKernels.Default, QuantizationFormat.EightBit, change: file => Overwrite(file, 3e38f),
            products: isInteger ? Products.Integer : Products.Float);
        using IDecodingSession session = model.CreateSession(8);
        Assert.Throws<NonFiniteLogitsException>(() => session.Generate([1], new int[2], SamplingOptions.Greedy));
    }

    [Fact]
    public void An_architecture_that_the_backend_does_not_know_is_refused()
    {
        ModelFormatException exception = Assert.Throws<ModelFormatException>(() => CpuForwardPasses.For("mamba"));
        Assert.Contains("'mamba'", exception.Message, StringComparison.Ordinal);
    }

    /// <summary>Sets the last two tensors of a safetensors file, whose data ends the file.</summary>
    private static void Overwrite(string file, float value)
    {
        byte[] bytes = File.ReadAllBytes(file);
        for (int i = 1; i <= 2 * TestModels.Odd.EmbeddingSize; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(bytes.Length - (4 * i)), value);
        }

        File.WriteAllBytes(file, bytes);
    }
}
