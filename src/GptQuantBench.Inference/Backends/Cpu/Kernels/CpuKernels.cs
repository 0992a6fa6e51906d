using System.Diagnostics.CodeAnalysis;

namespace GptQuantBench.Inference.Backends.Cpu.Kernels;

/// <summary>The kernel implementations, fastest first: the first that the CPU supports runs, unless the variable names one.</summary>
internal static class CpuKernels
{
    /// <summary>Environment variable that forces an implementation by name.</summary>
    public const string Variable = "GPTQUANTBENCH_CPU_KERNELS";

    /// <summary>
    /// All of them. Wider vectors come first because prefill is bound by arithmetic; decode is bound by memory with either.
    /// </summary>
    public static IReadOnlyList<CpuKernel> All { get; } = [new Avx512Kernel(), new Avx2Kernel(), new PortableKernel()];

    /// <summary>The first that this CPU supports.</summary>
    public static CpuKernel Default => All.First(candidate => candidate.IsSupported);

    /// <summary>The implementation to use on this machine.</summary>
    /// <param name="forced">A name, or null or empty for the first supported one.</param>
    /// <param name="kernel">The implementation.</param>
    /// <param name="error">One sentence for the user where the forced one cannot run.</param>
    public static bool TrySelect(string? forced, [NotNullWhen(true)] out CpuKernel? kernel, [NotNullWhen(false)] out string? error)
    {
        error = null;
        if (string.IsNullOrEmpty(forced))
        {
            kernel = Default;
            return true;
        }

        string names = string.Join(", ", All.Select(candidate => candidate.Name));
        kernel = All.FirstOrDefault(candidate => candidate.Name.Equals(forced, StringComparison.OrdinalIgnoreCase));
        if (kernel is null)
        {
            error = $"{Variable} is '{forced}', which is none of {names}; correct or unset it.";
            return false;
        }

        if (!kernel.IsSupported)
        {
            error = $"{Variable} asks for '{kernel.Name}', which this CPU does not support; unset it or choose another of {names}.";
            kernel = null;
            return false;
        }

        return true;
    }
}
