using BenchmarkDotNet.Attributes;
using GptQuantBench.Commands;
using GptQuantBench.Inference.Backends;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Benchmarks.Kernels;

/// <summary>What the device can reach at most: reading memory, and multiplying and adding in registers.</summary>
public class DeviceProbes
{
    private readonly List<double> _deviceSeconds = [];
    private RunSettings _settings = null!;
    private IDeviceProbe? _probe;

    /// <summary>Reads a buffer that no cache holds.</summary>
    [Benchmark]
    public void ReadMemory() => Pass();

    /// <summary>Multiplies and adds, FP32.</summary>
    [Benchmark]
    public void MultiplyAdd() => Pass();

    [GlobalSetup(Target = nameof(ReadMemory))]
    public void SetUpReadMemory() => SetUp(KernelResult.ReadMemory, bench => bench.CreateReadProbe(_settings.KernelBenchmarks!.RotationBytes));

    [GlobalSetup(Target = nameof(MultiplyAdd))]
    public void SetUpMultiplyAdd() => SetUp(KernelResult.MultiplyAdd, bench => bench.CreateArithmeticProbe());

    [GlobalCleanup(Target = nameof(ReadMemory))]
    public void CleanUpReadMemory() => CleanUp(KernelResult.ReadMemory);

    [GlobalCleanup(Target = nameof(MultiplyAdd))]
    public void CleanUpMultiplyAdd() => CleanUp(KernelResult.MultiplyAdd);

    /// <summary>The probe that a method runs, as reports name it.</summary>
    internal static string NameOf(string method) => method == nameof(ReadMemory) ? KernelResult.ReadMemory : KernelResult.MultiplyAdd;

    private void SetUp(string name, Func<IKernelBench, IDeviceProbe> create)
    {
        _settings = RunSettings.Current;
        try
        {
            var backend = BackendRegistry.Find(_settings.Backend);
            backend.Start(_settings.BackendOptions, []);
            _probe = create(backend.KernelBench(_settings.BackendOptions));
            Pass();
            _deviceSeconds.Clear();
        }
        catch (Exception exception)
        {
            Write(new() { Kernel = name, Error = FailureText.Of(exception) });
            throw;
        }
    }

    private void Pass()
    {
        if (_probe?.Pass() is { } seconds)
        {
            _deviceSeconds.Add(seconds);
        }
    }

    private void CleanUp(string name)
    {
        if (_probe is null)
        {
            return;
        }

        Write(new()
        {
            Kernel = name,
            Device = BackendRegistry.Find(_settings.Backend).Probe(_settings.BackendOptions).Device,
            Products = new Dictionary<int, int> { [0] = 1 },
            DeviceSeconds = _deviceSeconds.Count == 0 ? new Dictionary<int, List<double>>() : new Dictionary<int, List<double>> { [0] = _deviceSeconds },
            BytesPerPass = _probe.BytesPerPass,
            OperationsPerPass = _probe.OperationsPerPass,
        });
        _probe.Dispose();
    }

    private void Write(KernelRecord record) => new RecordStore<KernelRecord>(_settings.RecordDirectory).Write(record);
}
