using BenchmarkDotNet.Attributes;
using GptQuantBench.Commands;
using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Memory;

namespace GptQuantBench.Benchmarks.Sweeps;

/// <summary>
/// A sweep over one case: all points share one load. BenchmarkDotNet calls the benchmark once an iteration, first all calls of the first
/// point, then those of the next, so its list of times falls into equal pieces, one for each point. What a point needs before its clock
/// (filling the KV cache, warm-up) is done between the iterations.
/// </summary>
public abstract class Sweep
{
    private readonly Dictionary<int, string> _errors = [];
    private readonly Dictionary<int, MemoryUsage> _usages = [];
    private SweepKind _kind = null!;
    private RunSettings _settings = null!;
    private SweepModel? _model;
    private IReadOnlyList<SweepPoint> _points = [];
    private int _iteration;
    private int _point = -1;

    /// <summary>Name of the model.</summary>
    [ParamsSource(typeof(SweepCases), nameof(SweepCases.Models))]
    public string Model { get; set; } = "";

    /// <summary>Name of the format.</summary>
    [ParamsSource(typeof(SweepCases), nameof(SweepCases.Formats))]
    public string Format { get; set; } = "";

    /// <summary>The run's sweeps.</summary>
    private protected SweepSettings Sweeps => _settings.Sweeps!;

    /// <summary>The loaded model.</summary>
    private protected SweepModel Loaded => _model!;

    /// <summary>Loads, once for all points.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        _settings = RunSettings.Current;
        _kind = SweepKind.Of(BenchmarkType);
        _points = _kind.Points(Sweeps, Model);
        try
        {
            BackendRegistry.Find(_settings.Backend).Start(_settings.BackendOptions);
            _model = SweepModel.Load(_settings, Model, Format);
            Open(_points);
        }
        catch (Exception exception)
        {
            Write(new() { Sweep = _kind.Name, Model = Model, Format = Format, Error = FailureText.Of(exception) });
            throw;
        }
    }

    /// <summary>Makes the next call's point ready.</summary>
    [IterationSetup]
    public void NextCall()
    {
        var point = _iteration++ / _kind.RepeatsOf(Sweeps);
        var isNew = point != _point;
        _point = point;
        if (!IsRunning)
        {
            return;
        }

        try
        {
            if (isNew)
            {
                Prepare(_points[point]);
                for (var call = 0; call < Sweeps.WarmUps; call++)
                {
                    Rewind(_points[point]);
                    Measure(_points[point]);
                }

                EndWarmUp();
                _usages[point] = Loaded.Memory;
            }

            Rewind(_points[point]);
        }
        catch (Exception exception)
        {
            _errors.Add(point, FailureText.Of(exception));
        }
    }

    /// <summary>Gives everything back, and leaves the record.</summary>
    [GlobalCleanup]
    public void CleanUp()
    {
        if (_model is not { } model)
        {
            return;
        }

        var record = Complete(new SweepRecord
        {
            Sweep = _kind.Name,
            Model = Model,
            Format = Format,
            PointErrors = _errors,
            PointUsages = _usages,
            Device = BackendRegistry.Find(_settings.Backend).Probe(_settings.BackendOptions).Device,
            Decode = model.Decode,
            PromptTokens = model.Prompt.Length,
        });
        Close();
        model.Dispose();
        Write(model.Memory.TotalBytes == 0
            ? record
            : record with { Error = $"{_kind.Title} left {model.Memory.TotalBytes} bytes allocated after clean-up; expected 0." });
    }

    /// <summary>Runs the call's point; a failure is the point's, and the others go on.</summary>
    private protected void Run()
    {
        if (!IsRunning)
        {
            return;
        }

        try
        {
            Measure(_points[_point]);
        }
        catch (Exception exception)
        {
            _errors.Add(_point, FailureText.Of(exception));
        }
    }

    /// <summary>The class that BenchmarkDotNet was given; what runs is derived from it.</summary>
    private protected abstract Type BenchmarkType { get; }

    /// <summary>Makes what all points share beside the model.</summary>
    private protected abstract void Open(IReadOnlyList<SweepPoint> points);

    /// <summary>Gives back what is not the model's.</summary>
    private protected virtual void Close()
    {
    }

    /// <summary>The measured work, with the device idle when it returns.</summary>
    private protected abstract void Measure(SweepPoint point);

    /// <summary>What the first call of a point needs.</summary>
    private protected virtual void Prepare(SweepPoint point)
    {
    }

    /// <summary>What every call of a point needs.</summary>
    private protected virtual void Rewind(SweepPoint point)
    {
    }

    /// <summary>Forgets what the calls for warm-up left.</summary>
    private protected virtual void EndWarmUp()
    {
    }

    /// <summary>Adds what a sweep knows beside its times.</summary>
    private protected virtual SweepRecord Complete(SweepRecord record) => record;

    private bool IsRunning => _point < _points.Count && !_errors.ContainsKey(_point);

    private void Write(SweepRecord record) => new SweepRecordStore(_settings.RecordDirectory).Write(record);
}
