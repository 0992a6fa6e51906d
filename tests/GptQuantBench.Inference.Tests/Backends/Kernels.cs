using GptQuantBench.Inference.Backends.Cpu.Kernels;

namespace GptQuantBench.Inference.Tests.Backends;

/// <summary>
/// The kernel implementations as test cases: each runs everywhere, or is skipped where the CPU lacks it, but not all of them.
/// </summary>
internal static class Kernels
{
    public static IEnumerable<string> Names => CpuKernels.All.Select(kernel => kernel.Name);

    /// <summary>The implementation, or the end of the test with the reason.</summary>
    public static CpuKernel Get(string name)
    {
        CpuKernel kernel = CpuKernels.All.Single(kernel => kernel.Name == name);
        Assert.True(kernel.IsSupported || name != "portable", "The portable kernels must run everywhere.");
        Assert.SkipUnless(kernel.IsSupported, $"This CPU does not support {name}.");
        return kernel;
    }
}
