using System.Diagnostics;
using GptQuantBench.Cuda;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>
/// Contexts and compiled kernels of this process, made once and kept: a second model neither makes a context nor compiles again, unless
/// a file of a kernel folder has changed.
/// </summary>
internal static class CudaRuntime
{
    private static readonly Lock _gate = new();
    private static readonly Dictionary<int, CudaContext> _contexts = [];
    private static readonly Dictionary<(int Device, string Place), KernelModules> _modules = [];
    private static readonly Dictionary<(KernelModules Modules, string Format), KernelSet> _sets = [];

    /// <summary>The context of a device.</summary>
    /// <exception cref="CudaLibraryException">The driver is missing or too old.</exception>
    /// <exception cref="CudaException">The device does not exist or is unavailable.</exception>
    public static CudaContext Context(int ordinal)
    {
        lock (_gate)
        {
            if (!_contexts.TryGetValue(ordinal, out CudaContext? context))
            {
                context = new(CudaDevice.Get(ordinal));
                _contexts.Add(ordinal, context);
            }

            return context;
        }
    }

    /// <summary>The modules for a device: embedded, or from a folder.</summary>
    /// <exception cref="Models.ModelFormatException">The folder cannot be used.</exception>
    public static KernelModules KernelModules(CudaContext context, string? directory)
    {
        PtxStore store = new(directory, context.Device.ComputeCapability);
        lock (_gate)
        {
            (int, string) key = (context.Device.Ordinal, store.Identity);
            if (!_modules.TryGetValue(key, out KernelModules? modules))
            {
                modules = new(context, store);
                _modules.Add(key, modules);
            }

            return modules;
        }
    }

    /// <summary>The kernels of a format, embedded or from a folder.</summary>
    /// <exception cref="Models.ModelFormatException">The folder cannot be used.</exception>
    /// <exception cref="CudaException">The driver rejects the PTX.</exception>
    public static KernelSet Kernels(CudaContext context, QuantizationFormat format, string? directory = null)
    {
        KernelModules modules = KernelModules(context, directory);
        lock (_gate)
        {
            if (!_sets.TryGetValue((modules, format.Name), out KernelSet? set))
            {
                set = new(modules, format);
                _sets.Add((modules, format.Name), set);
            }

            return set;
        }
    }

    /// <summary>Makes the context and compiles what the main job's formats need.</summary>
    public static BackendStartup Start(BackendOptions options)
    {
        long start = Stopwatch.GetTimestamp();
        CudaContext context = Context(options.Device);
        TimeSpan contextTime = Stopwatch.GetElapsedTime(start);
        start = Stopwatch.GetTimestamp();
        QuantizationFormat[] formats = [QuantizationFormat.Fp16, QuantizationFormat.EightBit, QuantizationFormat.FourBit];
        KernelSet.Compile(KernelModules(context, options.KernelDirectory), [.. formats.Select(KernelSet.WeightsModule), "attention"]);
        foreach (QuantizationFormat format in formats)
        {
            Kernels(context, format, options.KernelDirectory);
        }

        return new(contextTime, Stopwatch.GetElapsedTime(start));
    }
}
