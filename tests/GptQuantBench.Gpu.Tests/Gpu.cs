using System.Diagnostics.CodeAnalysis;
using GptQuantBench.Cuda;

namespace GptQuantBench.Gpu.Tests;

/// <summary>The device that the tests run on: the first one.</summary>
internal static class Gpu
{
    private const string RequireVariable = "GPTQUANTBENCH_REQUIRE_GPU";

    private static CudaContext? _context;

    /// <summary>
    /// The context, current on the calling thread. Without a usable GPU the test is skipped with the reason, or fails with it if
    /// GPTQUANTBENCH_REQUIRE_GPU is 1. The context lives as long as the process: making it takes longer than most tests.
    /// </summary>
    public static CudaContext Require()
    {
        if (!CudaDriver.TryInitialize(out string? reason))
        {
            Missing(reason);
        }

        _context ??= new CudaContext(CudaDevice.Get(0));
        _context.MakeCurrent();
        return _context;
    }

    /// <summary>A cuBLAS handle on the context; skips or fails like <see cref="Require"/>.</summary>
    public static CudaBlas RequireBlas(CudaContext context)
    {
        if (!CudaBlas.TryLoad(out string? reason))
        {
            Missing(reason);
        }

        return new CudaBlas(context);
    }

    /// <summary>NVML; skips or fails like <see cref="Require"/>.</summary>
    public static Nvml RequireNvml()
    {
        if (!Nvml.TryOpen(out Nvml? nvml, out string? reason))
        {
            Missing(reason);
        }

        return nvml;
    }

    /// <summary>Skips the test on devices before an architecture, whatever is required: those cannot run it.</summary>
    public static void RequireComputeCapability(CudaContext context, int major) => Assert.SkipUnless(
        context.Device.ComputeCapability.Major >= major,
        $"{context.Device.Name} has compute capability {context.Device.ComputeCapability}, this needs {major}.0.");

    [DoesNotReturn]
    private static void Missing(string reason)
    {
        if (Environment.GetEnvironmentVariable(RequireVariable) == "1")
        {
            Assert.Fail($"{RequireVariable} is 1, but: {reason}");
        }

        Assert.Skip(reason);
    }
}
