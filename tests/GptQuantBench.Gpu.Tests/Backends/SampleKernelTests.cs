using GptQuantBench.Cuda;
using GptQuantBench.Inference.Backends.Cuda;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Quantization;
using GptQuantBench.Inference.Sampling;

namespace GptQuantBench.Gpu.Tests.Backends;

/// <summary>The device chooses what the CPU chooses from the same logits, seed and step.</summary>
public sealed class SampleKernelTests
{
    [Theory]
    [InlineData(1, 1f)]
    [InlineData(11, 3f)]
    [InlineData(65, 0f)]
    [InlineData(1000, 0.5f)]
    [InlineData(50257, 0.6f)]
    [InlineData(50257, 3f)]
    [InlineData(50257, 12f)]
    public void Ids_are_the_cpu_samplers(int vocabulary, float deviation)
    {
        CudaContext context = Gpu.Require();
        using CudaStream stream = new(context);
        KernelSet kernels = CudaRuntime.Kernels(context, QuantizationFormat.Fp16);
        using CudaDeviceVariable<byte> scratch = new(context, SampleKernels.ScratchBytes(vocabulary));
        scratch.FillAsync(0, stream);
        using CudaDeviceVariable<float> device = new(context, vocabulary);
        using CudaDeviceVariable<DecodeState> state = new(context, 1);
        Sampler sampler = new(vocabulary);
        Random random = new(vocabulary + (int)(10 * deviation));
        for (int trial = 0; trial < 40; trial++)
        {
            float[] logits = Numbers.Normal(random, vocabulary, deviation);
            if (trial % 4 == 1)
            {
                // Ties, both zeros, and tokens that are excluded.
                for (int i = 0; i < vocabulary; i++)
                {
                    logits[i] = (i % 7) switch { 0 => 0f, 1 => -0f, 2 when i > 2 => float.NegativeInfinity, _ => MathF.Round(logits[i]) };
                }
            }

            float topP = (trial % 5) switch { 0 => 1f, 1 => 0.9f, 2 => 0.5f, 3 => 0.001f, _ => (float)random.NextDouble() };
            SamplingOptions options = new((trial % 3) switch { 0 => 0.8f, 1 => 2f, _ => 0.05f }, topP == 0 ? 1 : topP, (ulong)random.NextInt64());
            device.CopyToDevice(logits);
            state.CopyToDevice([new DecodeState { Step = trial }]);
            kernels.Rows.BestLogit(stream, device.DevicePointer, vocabulary, state.DevicePointer);
            stream.Synchronize();
            Assert.Equal(sampler.Sample(logits, SamplingOptions.Greedy, trial), (int)~(uint)state.ToArray()[0].Best);

            kernels.Sample.SetOptions(stream, scratch.DevicePointer, options);
            kernels.Sample.Queue(stream, device.DevicePointer, scratch.DevicePointer, state.DevicePointer, vocabulary);
            stream.Synchronize();
            Assert.Equal(sampler.Sample(logits, options, trial), (int)~(uint)state.ToArray()[0].Best);
        }
    }

    [Theory]
    [InlineData("eager")]
    [InlineData("cublas")]
    [InlineData("graph")]
    [InlineData("persistent")]
    public void A_generation_is_sampled_from_its_own_logits(string decode)
    {
        using OpenedModel model = TestModels.Nano();
        using CudaLanguageModel cuda = TestModels.OnCuda(model, QuantizationFormat.Fp16, decode);
        int vocabulary = model.Configuration.VocabularySize;
        SamplingOptions options = new(0.8f, 0.9f, 42);
        int[] prompt = [464, 2003, 286, 9552, 318];
        int[] generated = new int[50];
        using CudaDecodingSession session = (CudaDecodingSession)cuda.CreateSession(64);
        session.Generate(prompt, generated, options);

        // The prompt and then step by step through the same kernels, so that the logits are the same bits.
        Sampler sampler = new(vocabulary);
        session.Generate(prompt, new int[1], options);
        float[] logits = session.LastLogits();
        int equal = 0;
        for (int step = 0; step < generated.Length; step++)
        {
            equal += sampler.Sample(logits, options, step) == generated[step] ? 1 : 0;
            logits = TestModels.Logits(session, generated.AsSpan(step, 1), vocabulary);
        }

        Assert.InRange(equal, generated.Length - 1, generated.Length);
        int[] again = new int[50];
        session.Generate(prompt, again, options);
        Assert.Equal(generated, again);
        session.Generate(prompt, again, options with { Seed = 43 });
        Assert.NotEqual(generated, again);
    }
}
