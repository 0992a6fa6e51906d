using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Backends.Cuda;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Quantization;
using GptQuantBench.Inference.Sampling;

namespace GptQuantBench.Gpu.Tests.Backends;

/// <summary>The persistent path against the others, and what it does when blocks wait in vain.</summary>
public sealed class PersistentTests
{
    /// <summary>Two paths with FP16 activations: twice the rounding error of one (<see cref="ModelTests"/>).</summary>
    internal const double Tolerance = 6e-3;

    private const uint Impatient = 20_000;

    private static readonly int[] _prompt = [464, 2003, 286, 9552, 318];

    public static TheoryData<string, string> ShapesAndFormats
    {
        get
        {
            TheoryData<string, string> data = [];
            foreach (QuantizationFormat format in QuantizationFormat.All.Where(format => !format.HasEightBitHead))
            {
                data.Add("gpt2-slice", format.Name);
                data.Add("xl-slice", format.Name);
            }

            data.Add("small-heads", "fp16");
            data.Add("big-heads", "int8-row-sym");
            data.Add("small-heads", "int4-g32-sym");
            return data;
        }
    }

    public static TheoryData<string> Formats => ["fp16", "int8-row-sym", "int4-g32-sym"];

    /// <summary>Prompts of up to eight tokens have a kernel of their own; behind longer ones it is the steps' that waits in vain.</summary>
    public static TheoryData<int, int> WaitsAndPrompts
    {
        get
        {
            TheoryData<int, int> data = [];
            foreach (PersistentWait wait in Enum.GetValues<PersistentWait>().Where(wait => wait != PersistentWait.None))
            {
                data.Add((int)wait, 5);
                data.Add((int)wait, 9);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(ShapesAndFormats))]
    public void Logits_are_the_eager_paths_over_512_positions_and_at_the_end_of_the_context(string shape, string name)
    {
        using OpenedModel model = TestModels.Synthetic(shape);
        QuantizationFormat format = QuantizationFormat.Parse(name);
        int vocabulary = model.Configuration.VocabularySize, context = model.Configuration.ContextLength;
        int[] ids = TestModels.Ids(context, vocabulary);
        using CudaLanguageModel eager = TestModels.OnCuda(model, format, "eager");
        float[] expected = TestModels.Logits(eager, ids);
        using CudaLanguageModel persistent = TestModels.OnCuda(model, format, "persistent");
        Assert.Equal("persistent", persistent.Decode);
        using CudaDecodingSession session = (CudaDecodingSession)persistent.CreateSession(context);
        session.PoisonCache();
        for (int position = 0; position < context; position++)
        {
            if (position == 512)
            {
                // The last positions are read from a cache that the prompt's pass has filled.
                int rest = context - 16 - position;
                _ = TestModels.Logits(session, ids.AsSpan(position, rest), vocabulary);
                position += rest;
            }

            float[] single = TestModels.Logits(session, ids.AsSpan(position, 1), vocabulary);
            Numbers.AssertClose(single, expected.AsSpan(position * vocabulary, vocabulary), Tolerance, $"position {position}");
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Steps_of_the_trained_model_are_the_eager_paths(string name)
    {
        using OpenedModel model = TestModels.Nano();
        QuantizationFormat format = QuantizationFormat.Parse(name);
        int vocabulary = model.Configuration.VocabularySize;
        int[] ids = TestModels.Ids(300, vocabulary);
        using CudaLanguageModel eager = TestModels.OnCuda(model, format, "eager");
        using CudaLanguageModel persistent = TestModels.OnCuda(model, format, "persistent");
        using IDecodingSession expected = eager.CreateSession(ids.Length);
        using IDecodingSession actual = persistent.CreateSession(ids.Length);
        double worst = 0;
        foreach (int position in Enumerable.Range(0, ids.Length))
        {
            float[] left = TestModels.Logits(actual, ids.AsSpan(position, 1), vocabulary);
            worst = Math.Max(worst, Numbers.RelativeError(left, TestModels.Logits(expected, ids.AsSpan(position, 1), vocabulary)));
        }

        Assert.True(worst <= Tolerance, $"Worst relative error {worst:g3}.");
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Samples_are_the_cpu_samplers_of_the_same_logits_generation_after_generation(string name)
    {
        using OpenedModel model = TestModels.Nano();
        using CudaLanguageModel persistent = TestModels.OnCuda(model, QuantizationFormat.Parse(name), "persistent");
        using CudaDecodingSession session = (CudaDecodingSession)persistent.CreateSession(64);
        session.PoisonCache();
        int vocabulary = model.Configuration.VocabularySize;
        Sampler sampler = new(vocabulary);

        // The higher the temperature, the more ids have nearly the same weight: at 20 and 100 the nucleus' last bucket has more rows than there is
        // room for, and many a draw is no member and made anew. At 0.02 the only bucket is the last one.
        foreach ((float temperature, float topP) in
            (ReadOnlySpan<(float, float)>)[(0.8f, 0.9f), (0.8f, 0.9f), (1.5f, 1f), (0.3f, 0.5f), (4f, 0.9f), (20f, 0.7f), (100f, 0.9f), (100f, 1f), (0.02f, 0.9f)])
        {
            int[] ids = new int[25], again = new int[25];
            SamplingOptions options = new(temperature, topP, 7);
            session.Generate(_prompt, ids, options);
            session.Generate(_prompt, again, options);
            Assert.Equal(ids, again);

            // The prompt by the same kernel, so that the cache is the same bits.
            session.Generate(_prompt, again.AsSpan(0, 1), options);
            Assert.Equal(ids[0], again[0]);
            Assert.Equal(sampler.Sample(session.LastLogits(), options, 0), ids[0]);
            for (int step = 1; step < ids.Length; step++)
            {
                float[] logits = TestModels.Logits(session, ids.AsSpan(step - 1, 1), vocabulary);
                Assert.Equal(sampler.Sample(logits, options, step), ids[step]);
            }
        }
    }

    [Theory]
    [MemberData(nameof(WaitsAndPrompts))]
    public void A_block_that_hands_nothing_over_ends_the_kernel_with_the_place_and_the_next_generation_is_right(int wait, int promptTokens)
    {
        int[] prompt = [.. _prompt, .. _prompt];
        prompt = prompt[..promptTokens];
        using OpenedModel model = TestModels.Nano();
        using CudaLanguageModel persistent = TestModels.OnCuda(model, QuantizationFormat.EightBit, "persistent");
        using CudaDecodingSession session = (CudaDecodingSession)persistent.CreateSession(64);
        // At so low a temperature the most probable id is all of the nucleus, whose last bucket's rows are waited for then.
        SamplingOptions options = new(wait == (int)PersistentWait.Members ? 0.02f : 0.8f, 0.9f, 1);
        int[] right = new int[20];
        session.Generate(prompt, right, options);
        PersistentDecoder decoder = session.Persistent!;
        decoder.PlantStall((PersistentWait)wait, Impatient);
        string message = Assert.Throws<InvalidOperationException>(() => session.Generate(prompt, new int[20], options)).Message;
        Assert.Contains("gave up waiting for", message, StringComparison.Ordinal);
        // Threads that need none of the first block's words go on, and one of them may give up later in the step, waiting for a block that gives up here:
        // the earliest wait is told, whoever tells it first.
        Assert.Contains($"waiting for {(PersistentWait)wait} ", message, StringComparison.Ordinal);

        decoder.PlantStall(PersistentWait.None, 4_000_000);
        int[] again = new int[20];
        session.Generate(prompt, again, options);
        Assert.Equal(right, again);
    }

    [Fact]
    public void Every_id_has_a_time()
    {
        using OpenedModel model = TestModels.Nano();
        using CudaLanguageModel persistent = TestModels.OnCuda(model, QuantizationFormat.FourBit, "persistent");
        using IDecodingSession session = persistent.CreateSession(64);
        int[] ids = new int[20];
        double[] milliseconds = new double[ids.Length - 1];
        session.GenerateTimed(_prompt, ids, SamplingOptions.Greedy, milliseconds);
        Assert.All(milliseconds, time => Assert.InRange(time, 0.001, 100));
    }
}
