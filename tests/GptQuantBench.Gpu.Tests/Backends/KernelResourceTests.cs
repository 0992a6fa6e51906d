using GptQuantBench.Cuda;
using GptQuantBench.Inference.Backends.Cuda;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Gpu.Tests.Backends;

/// <summary>What the driver's compiler made of the hot kernels.</summary>
public sealed class KernelResourceTests
{
    // A few of 232 registers; most in persistent_decode_any, which has room for every head size (docs/kernels.md).
    private const int MostSpilled = 96;

    // Of the kernel for prompts of models up to 1024 wide. The other holds twice as much of the residual stream; a launch is one step of hundreds.
    private const int MostSpilledByWidePrompts = 288;

    public static TheoryData<string> Formats => TestModels.Formats;

    [Theory]
    [MemberData(nameof(Formats))]
    public void Hot_kernels_keep_nothing_in_local_memory(string name)
    {
        CudaContext context = Gpu.Require();
        LinearKernels kernels = CudaRuntime.Kernels(context, QuantizationFormat.Parse(name)).Linear;
        CudaKernel[] hot = [kernels.NormHeads, kernels.CombineResidual, kernels.NormGelu, kernels.Residual, kernels.NormLogits, kernels.Product];
        string report = string.Join(", ", hot.Select(kernel => $"{kernel.Name} {kernel.RegisterCount} registers {kernel.LocalBytes} bytes"));
        TestContext.Current.SendDiagnosticMessage($"{name}: {report}");
        Assert.All(hot, kernel => Assert.True(kernel.LocalBytes == 0, report));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void The_prompts_kernel_spills_little(string name)
    {
        CudaContext context = Gpu.Require();
        CudaModule module = CudaRuntime.KernelModules(context, directory: null).Get(PromptKernel.Module(QuantizationFormat.Parse(name)));
        CudaKernel narrow = module.GetKernel("prompt_first"), wide = module.GetKernel("prompt_first_wide");
        TestContext.Current.SendDiagnosticMessage($"{name}: {narrow.LocalBytes} and {wide.LocalBytes} bytes");
        Assert.InRange(narrow.LocalBytes, 0, MostSpilled);
        Assert.InRange(wide.LocalBytes, 0, MostSpilledByWidePrompts);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void The_persistent_kernel_spills_next_to_nothing(string name)
    {
        CudaContext context = Gpu.Require();
        KernelModules modules = CudaRuntime.KernelModules(context, directory: null);
        CudaKernel[] kernels = [.. ((string[])["persistent_decode", "persistent_decode_tall", "persistent_decode_wide", "persistent_decode_any"])
            .Select(entry => modules.Get(PersistentKernel.Module(QuantizationFormat.Parse(name))).GetKernel(entry))];
        string report = string.Join(", ", kernels.Select(kernel => $"{kernel.Name} {kernel.RegisterCount} registers {kernel.LocalBytes} bytes"));
        TestContext.Current.SendDiagnosticMessage($"{name}: {report}");
        Assert.All(kernels, kernel => Assert.True(kernel.LocalBytes <= MostSpilled, report));
    }
}
