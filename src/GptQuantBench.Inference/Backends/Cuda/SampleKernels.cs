using GptQuantBench.Cuda;
using GptQuantBench.Inference.Sampling;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>Launches the device's sampler (sample.cu), which chooses what <see cref="Sampler"/> chooses from the same logits.</summary>
internal sealed class SampleKernels
{
    private const int Blocks = 64;
    private const int BlockSize = 256;
    private const int WarpSize = 32;

    // Scratch of sample.cu before its list: options, 1024 sums, one sum a block, two buckets, what the kernels hand on, and counts.
    private const int ScratchHead = 24 + (1024 * sizeof(ulong)) + (Blocks * sizeof(ulong)) + (2 * 24) + 16 + 16;

    private readonly CudaKernel _options;
    private readonly CudaKernel _weigh;
    private readonly CudaKernel _choose;
    private readonly CudaKernel _weighRows;
    private readonly CudaKernel _chooseRows;
    private readonly bool _dependentLaunch;

    public SampleKernels(CudaModule module)
    {
        _dependentLaunch = PtxStore.HasDependentLaunch(module);
        _options = module.GetKernel("sample_options");
        _weigh = module.GetKernel("sample_weigh");
        _choose = module.GetKernel("sample_choose");
        _weighRows = module.GetKernel("sample_weigh_rows");
        _chooseRows = module.GetKernel("sample_choose_rows");
        _options.RequireArguments<OptionArguments>();
        _weigh.RequireArguments<Parameter<SampleArguments>>();
        _choose.RequireArguments<Parameter<SampleArguments>>();
        _weighRows.RequireArguments<Parameter<BatchArguments>>();
        _chooseRows.RequireArguments<Parameter<BatchArguments>>();
    }

    /// <summary>Bytes of a session's scratch; zero before the first step.</summary>
    public static long ScratchBytes(int vocabularySize) => ScratchHead + ((long)vocabularySize * sizeof(int));

    /// <summary>How the steps from here on choose; a row of a batch may be greedy, a session's steps are not.</summary>
    public void SetOptions(CudaStream stream, CudaDevicePointer scratch, SamplingOptions options)
    {
        LaunchShape shape = new(1, WarpSize) { ProgrammaticStreamSerialization = _dependentLaunch };
        ulong topP = (ulong)Math.Ceiling(options.TopP * 4294967296.0);
        _options.Launch(stream, shape, new OptionArguments(scratch, options.Seed, topP, options.IsGreedy ? 0 : TokenWeights.Scale(options.Temperature)));
    }

    /// <summary>Puts the chosen id where the best one stands in the state.</summary>
    /// <param name="stream">Where.</param>
    /// <param name="logits">FP32 [count].</param>
    /// <param name="scratch">The session's.</param>
    /// <param name="state">Has the best logit.</param>
    /// <param name="count">Vocabulary.</param>
    public void Queue(CudaStream stream, CudaDevicePointer logits, CudaDevicePointer scratch, CudaDevicePointer state, int count)
    {
        LaunchShape shape = new(Blocks, BlockSize) { ProgrammaticStreamSerialization = _dependentLaunch };
        Parameter<SampleArguments> arguments = new(new SampleArguments(logits, scratch, state, count));
        _weigh.Launch(stream, shape, arguments);
        _choose.Launch(stream, shape, arguments);
    }

    /// <summary>The same for every row of a batch that is not greedy.</summary>
    /// <param name="stream">Where.</param>
    /// <param name="rows">How many.</param>
    /// <param name="logits">FP32 [rows, count].</param>
    /// <param name="scratch">Of row 0.</param>
    /// <param name="scratchPitch">Bytes from a row's scratch to the next one's.</param>
    /// <param name="states">[rows]; have the best logits.</param>
    /// <param name="count">Vocabulary.</param>
    public void QueueRows(
        CudaStream stream, int rows, CudaDevicePointer logits, CudaDevicePointer scratch, long scratchPitch, CudaDevicePointer states, int count)
    {
        LaunchShape shape = new(new Dim3(Blocks, rows), BlockSize) { ProgrammaticStreamSerialization = _dependentLaunch };
        Parameter<BatchArguments> arguments = new(new BatchArguments(new SampleArguments(logits, scratch, states, count), (ulong)scratchPitch));
        _weighRows.Launch(stream, shape, arguments);
        _chooseRows.Launch(stream, shape, arguments);
    }

    private readonly record struct OptionArguments(CudaDevicePointer Scratch, ulong Seed, ulong TopP, float Scale);

    private readonly record struct SampleArguments(CudaDevicePointer Logits, CudaDevicePointer Scratch, CudaDevicePointer State, int Count);

    private readonly record struct BatchArguments(SampleArguments First, ulong ScratchPitch);
}
