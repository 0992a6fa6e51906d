using GptQuantBench.Inference.Backends.Cpu.Kernels;

namespace GptQuantBench.Inference.Tests.Backends;

public class CpuKernelsTests
{
    [Fact]
    public void The_portable_kernels_run_everywhere_and_come_last()
    {
        Assert.Equal("portable", CpuKernels.All[^1].Name);
        Assert.True(CpuKernels.All[^1].IsSupported);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void Without_a_wish_the_first_supported_one_runs(string? forced)
    {
        Assert.True(CpuKernels.TrySelect(forced, out CpuKernel? kernel, out _));
        Assert.Same(CpuKernels.All.First(candidate => candidate.IsSupported), kernel);
    }

    [Fact]
    public void A_forced_one_runs_or_is_an_error()
    {
        foreach (CpuKernel wanted in CpuKernels.All)
        {
            bool selected = CpuKernels.TrySelect(wanted.Name.ToUpperInvariant(), out CpuKernel? kernel, out string? error);
            Assert.Equal(wanted.IsSupported, selected);
            Assert.Equal(wanted.IsSupported ? wanted : null, kernel);
            Assert.Equal(wanted.IsSupported, error is null);
        }
    }

    [Fact]
    public void An_unknown_name_is_an_error_that_names_the_variable_and_the_choices()
    {
        Assert.False(CpuKernels.TrySelect("neon", out _, out string? error));
        Assert.Equal("GPTQUANTBENCH_CPU_KERNELS is 'neon', which is none of avx512, avx2, portable; correct or unset it.", error);
    }
}
