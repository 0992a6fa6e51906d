using GptQuantBench.Inference.Backends.Cuda;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Quantization;
using GptQuantBench.Inference.Sampling;

namespace GptQuantBench.Gpu.Tests.Backends;

/// <summary>Short prompts of the persistent path, which one launch takes up to their first id.</summary>
public sealed class PromptKernelTests
{
    private const double Tolerance = PersistentTests.Tolerance;

    public static TheoryData<string, string> ShapesAndFormats => PersistentTests.ShapesAndFormats;

    public static TheoryData<string> Formats => PersistentTests.Formats;

    [Theory]
    [MemberData(nameof(ShapesAndFormats))]
    public void Prompts_of_every_length_have_the_eager_paths_logits_and_leave_its_cache(string shape, string name)
    {
        using OpenedModel model = TestModels.Synthetic(shape);
        QuantizationFormat format = QuantizationFormat.Parse(name);
        int vocabulary = model.Configuration.VocabularySize;
        int[] ids = TestModels.Ids(PromptKernel.MaxTokens + 1, vocabulary);
        using CudaLanguageModel eager = TestModels.OnCuda(model, format, "eager");
        float[] expected = TestModels.Logits(eager, ids);
        using CudaLanguageModel persistent = TestModels.OnCuda(model, format, "persistent");
        Assert.NotNull(persistent.Prompt);
        using CudaDecodingSession session = (CudaDecodingSession)persistent.CreateSession(32);
        foreach (int tokens in (ReadOnlySpan<int>)[1, 2, 3, 4, 5, 6, 7, 8, 3])
        {
            session.Reset();
            session.PoisonCache();
            int[] first = new int[1];
            session.Generate(ids.AsSpan(0, tokens), first, SamplingOptions.Greedy);
            float[] logits = session.LastLogits();
            Numbers.AssertClose(logits, expected.AsSpan((tokens - 1) * vocabulary, vocabulary), Tolerance, $"{tokens} tokens");
            Assert.Equal(Array.IndexOf(logits, logits.Max()), first[0]);

            // The next step reads the keys and values of all of them.
            Assert.Equal(tokens, session.Position);
            float[] next = TestModels.Logits(session, ids.AsSpan(tokens, 1), vocabulary);
            Numbers.AssertClose(next, expected.AsSpan(tokens * vocabulary, vocabulary), Tolerance, $"the step behind {tokens} tokens");
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Generations_of_the_trained_model_are_those_of_steps_alone(string name)
    {
        using OpenedModel model = TestModels.Nano();
        using CudaLanguageModel persistent = TestModels.OnCuda(model, QuantizationFormat.Parse(name), "persistent");
        using CudaDecodingSession session = (CudaDecodingSession)persistent.CreateSession(64);
        int vocabulary = model.Configuration.VocabularySize;
        for (int tokens = 1; tokens <= PromptKernel.MaxTokens; tokens++)
        {
            int[] prompt = TestModels.Ids(tokens, vocabulary), ids = new int[16];
            session.Generate(prompt, ids, SamplingOptions.Greedy);
            session.Reset();
            float[] logits = [];
            foreach (int id in (int[])[.. prompt, .. ids[..^1]])
            {
                if (session.Position >= tokens)
                {
                    AssertBest(logits, ids[session.Position - tokens]);
                }

                logits = TestModels.Logits(session, [id], vocabulary);
            }

            AssertBest(logits, ids[^1]);
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void The_first_id_is_the_cpu_samplers_of_the_same_logits(string name)
    {
        using OpenedModel model = TestModels.Nano();
        using CudaLanguageModel persistent = TestModels.OnCuda(model, QuantizationFormat.Parse(name), "persistent");
        using CudaDecodingSession session = (CudaDecodingSession)persistent.CreateSession(64);
        Sampler sampler = new(model.Configuration.VocabularySize);
        int[] first = new int[1];
        for (ulong seed = 0; seed < 40; seed++)
        {
            int[] prompt = TestModels.Ids(1 + (int)(seed % PromptKernel.MaxTokens), model.Configuration.VocabularySize);
            SamplingOptions options = new(0.5f + (seed % 3 * 0.5f), seed % 2 == 0 ? 0.9f : 1f, seed);
            session.Generate(prompt, first, options);
            Assert.Equal(sampler.Sample(session.LastLogits(), options, 0), first[0]);
        }
    }

    [Fact]
    public void What_thousands_of_prompts_have_left_behind_is_not_taken_for_new()
    {
        using OpenedModel model = TestModels.Nano();
        using CudaLanguageModel persistent = TestModels.OnCuda(model, QuantizationFormat.EightBit, "persistent");
        using CudaDecodingSession session = (CudaDecodingSession)persistent.CreateSession(64);
        int[] prompt = TestModels.Ids(5, model.Configuration.VocabularySize), right = new int[20], again = new int[20], first = new int[1];
        session.Generate(prompt, right, SamplingOptions.Greedy);

        // A word tells 65536 epochs apart, and a prompt takes one a layer; steps and prompts have words of their own, which age meanwhile.
        int prompts = (65536 + 1000) / model.Configuration.LayerCount;
        for (int i = 0; i < prompts; i++)
        {
            session.Generate(prompt, first, SamplingOptions.Greedy);
            Assert.Equal(right[0], first[0]);
        }

        session.Generate(prompt.AsSpan(0, 2), first, SamplingOptions.Greedy);
        session.Generate(prompt, again, SamplingOptions.Greedy);
        Assert.Equal(right, again);
    }

    /// <summary>Two kernels round differently: an id may be another one where two logits are nearly the same.</summary>
    private static void AssertBest(float[] logits, int id)
    {
        float best = logits.Max();
        Assert.True(best - logits[id] <= Tolerance * (best - logits.Min()), $"The id {id} has the logit {logits[id]:g5}, the best is {best:g5}.");
    }
}
