using GptQuantBench.Cuda;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>Launches the persistent path's kernel for short prompts (prompt.cuh), for models of one shape and format that the path runs.</summary>
internal sealed class PromptKernel
{
    /// <summary>Tokens of a prompt at most.</summary>
    public const int MaxTokens = PromptIds.Count;

    private readonly CudaKernel _kernel;
    private readonly LaunchShape _launch;

    private PromptKernel(KernelModules modules, ModelConfiguration configuration, QuantizationFormat format, PersistentShape shape)
    {
        Shape = shape;
        Pace = PersistentPace.OfPrompt(configuration, format, shape, modules.Context.Device);
        string entry = Entry(configuration);
        _kernel = modules.Get(Module(format), entry).GetKernel(entry);
        _kernel.RequireArguments<Parameter<PromptArguments>>();
        _launch = PersistentKernel.Prepare(_kernel, shape);
    }

    /// <summary>Blocks and shared memory.</summary>
    public PersistentShape Shape { get; }

    /// <summary>How fast the weights are asked for.</summary>
    public PersistentPace Pace { get; }

    /// <summary>The kernel; null where the device's shared memory is too small for it.</summary>
    /// <exception cref="CudaException">The driver rejects the PTX.</exception>
    public static PromptKernel? Find(KernelModules modules, ModelConfiguration configuration, QuantizationFormat format)
    {
        PersistentShape shape = PersistentShape.OfPrompt(configuration, modules.Context.Device);
        return shape.FindObstacle(configuration, format, modules.Context.Device) is null ? new(modules, configuration, format, shape) : null;
    }

    /// <summary>The module with the kernel for a format.</summary>
    public static string Module(QuantizationFormat format) => KernelSet.WeightsModule(format).Replace("weights_", "persistent_prompt_", StringComparison.Ordinal);

    /// <summary>The kernel of the module for models of a shape.</summary>
    public static string Entry(ModelConfiguration configuration) =>
        configuration.EmbeddingSize <= PersistentKernel.NarrowWidth ? "prompt_first" : "prompt_first_wide";

    /// <summary>Queues a launch.</summary>
    public void Launch(CudaStream stream, in PromptArguments arguments) =>
        _kernel.Launch(stream, _launch, new Parameter<PromptArguments>(arguments));
}
