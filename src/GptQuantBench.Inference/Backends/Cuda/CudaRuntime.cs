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
    private static readonly Dictionary<int, TimeSpan> _creationTimes = [];
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
                context = Create(ordinal);
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

    /// <summary>Makes a context of its own and loads a module into it, then gives both back.</summary>
    /// <exception cref="Models.ModelFormatException">The kernel folder cannot be used.</exception>
    /// <exception cref="CudaLibraryException">The driver is missing or too old.</exception>
    /// <exception cref="CudaException">The device is unavailable or full, or the driver rejects the PTX.</exception>
    public static DeviceCheck Check(BackendOptions options)
    {
        PtxStore store = new(options.KernelDirectory, CudaDevice.Get(options.Device).ComputeCapability);
        CudaContext context;
        lock (_gate)
        {
            context = Create(options.Device);
        }

        using (context)
        {
            using CudaModule module = store.Load(context, "probe");
            return new(Obstacle: null, PtxStore.BaselineNotice(module, store.Architecture));
        }
    }

    /// <summary>Whether the device's context, where this process has one, is unusable after a fault.</summary>
    public static bool IsLost(int ordinal)
    {
        lock (_gate)
        {
            if (!_contexts.TryGetValue(ordinal, out CudaContext? context))
            {
                return false;
            }

            try
            {
                context.Synchronize();
                return false;
            }
            catch (CudaException exception)
            {
                return exception.IsContextLost;
            }
        }
    }

    /// <summary>
    /// Makes the context and compiles what the planned models need. The context's time is that of the first one on the device in this
    /// process, which <see cref="Check"/> may have made: it starts the device, later ones find it started.
    /// </summary>
    public static BackendStartup Start(BackendOptions options, IReadOnlyCollection<PlannedModel> planned)
    {
        bool isFirst = !IsStarted(options.Device);
        long start = Stopwatch.GetTimestamp();
        CudaContext context = Context(options.Device);
        TimeSpan contextTime = isFirst ? _creationTimes[options.Device] : Stopwatch.GetElapsedTime(start);
        start = Stopwatch.GetTimestamp();
        QuantizationFormat[] formats = [.. planned.Select(model => model.Format).Distinct()];
        IEnumerable<(string, string?)> persistent = DecodePaths.MayBe(options.Decode, DecodePath.Persistent)
            ? planned.SelectMany(model => PersistentEntries(model, context.Device))
            : [];
        KernelSet.Compile(
            KernelModules(context, options.KernelDirectory), [.. persistent.Distinct(), .. formats.Select(format => (KernelSet.WeightsModule(format), (string?)null)), ("attention", null)]);
        foreach (QuantizationFormat format in formats)
        {
            Kernels(context, format, options.KernelDirectory);
        }

        return new(contextTime, Stopwatch.GetElapsedTime(start));
    }

    private static IEnumerable<(string Name, string? Entry)> PersistentEntries(PlannedModel model, CudaDevice device)
    {
        if (PersistentKernel.Refusal(model.Configuration, model.Format, device) is null)
        {
            string module = PersistentKernel.Module(model.Format);
            yield return (module, PersistentKernel.FoldEntry);
            yield return (module, PersistentKernel.Entry(model.Configuration, model.Format, PersistentShape.OfDecode(model.Configuration, device)));
            yield return (PromptKernel.Module(model.Format), PromptKernel.Entry(model.Configuration));
        }
    }

    private static bool IsStarted(int ordinal)
    {
        lock (_gate)
        {
            return _contexts.ContainsKey(ordinal);
        }
    }

    private static CudaContext Create(int ordinal)
    {
        CudaContext context = new(CudaDevice.Get(ordinal));
        _creationTimes.TryAdd(ordinal, context.CreationTime);
        return context;
    }
}
