using BenchmarkDotNet.Attributes;
using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Memory;

namespace GptQuantBench.Benchmarks.Sweeps;

/// <summary>A sweep over one case: all points share one load.</summary>
public abstract class Sweep : PointBenchmark<SweepPoint>
{
    private readonly Dictionary<int, MemoryUsage> _usages = [];
    private SweepModel? _model;

    /// <summary>Name of the model.</summary>
    [ParamsSource(typeof(SweepCases), nameof(SweepCases.Models))]
    public string Model { get; set; } = "";

    /// <summary>Name of the format.</summary>
    [ParamsSource(typeof(SweepCases), nameof(SweepCases.Formats))]
    public string Format { get; set; } = "";

    /// <summary>The run's sweeps.</summary>
    private protected SweepSettings Sweeps => Settings.Sweeps!;

    /// <summary>The loaded model.</summary>
    private protected SweepModel Loaded => _model!;

    /// <summary>The class that BenchmarkDotNet was given; what runs is derived from it.</summary>
    private protected abstract Type BenchmarkType { get; }

    private SweepKind Kind => SweepKind.Of(BenchmarkType);

    /// <inheritdoc />
    private protected override PointCalls<SweepPoint> Start()
    {
        var points = Kind.Points(Sweeps, Model);
        BackendRegistry.Find(Settings.Backend).Start(Settings.BackendOptions, Settings.Planned);
        _model = SweepModel.Load(Settings, Model, Format);
        try
        {
            Open(points);
        }
        catch
        {
            _model.Dispose();
            throw;
        }

        return new(points, Kind.RepeatsOf(Sweeps), Sweeps.WarmUps);
    }

    /// <inheritdoc />
    private protected override void Fail(string error) => Write(new() { Sweep = Kind.Name, Model = Model, Format = Format, Error = error });

    /// <inheritdoc />
    private protected override void EndWarmUp(int index) => _usages[index] = Loaded.Memory;

    /// <inheritdoc />
    private protected override void Finish()
    {
        var record = Complete(new SweepRecord
        {
            Sweep = Kind.Name,
            Model = Model,
            Format = Format,
            PointErrors = PointErrors,
            PointUsages = _usages,
            Device = BackendRegistry.Find(Settings.Backend).Probe(Settings.BackendOptions).Device,
            Decode = Loaded.Decode,
            PromptTokens = Loaded.Prompt.Length,
        });
        Close();
        Loaded.Dispose();
        Write(Loaded.Memory.TotalBytes == 0
            ? record
            : record with { Error = $"{Kind.Title} left {Loaded.Memory.TotalBytes} bytes allocated after clean-up; expected 0." });
    }

    /// <summary>Makes what all points share beside the model.</summary>
    private protected abstract void Open(IReadOnlyList<SweepPoint> points);

    /// <summary>Gives back what is not the model's.</summary>
    private protected virtual void Close()
    {
    }

    /// <summary>Adds what a sweep knows beside its times.</summary>
    private protected virtual SweepRecord Complete(SweepRecord record) => record;

    private void Write(SweepRecord record) => new RecordStore<SweepRecord>(Settings.RecordDirectory).Write(record);
}
