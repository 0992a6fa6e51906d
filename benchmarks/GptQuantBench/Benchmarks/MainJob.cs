using System.Diagnostics;
using BenchmarkDotNet.Attributes;
using GptQuantBench.Evaluation;
using GptQuantBench.Inference.Backends;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Benchmarks;

/// <summary>The main job: every model in every format, case by case, each case in three phases.</summary>
public class MainJob
{
    private RunSettings _settings = null!;
    private PhaseRecorder _recorder = null!;
    private LoadedCase? _loaded;
    private double _coldFirstToken;
    private bool _isFirstTokenBrief = true;
    private double[]? _coldTokens;

    /// <summary>Calls that take longer are as warm without one right before them.</summary>
    private static readonly TimeSpan _brief = TimeSpan.FromMilliseconds(10);

    /// <summary>
    /// For how long a device generates before generations are measured: an H100's first ones, some 60 to 150 ms of them, take 2 to 4 % longer than
    /// all that follow.
    /// </summary>
    private static readonly TimeSpan _settling = TimeSpan.FromMilliseconds(300);

    /// <summary>Whether this process has generated before: with <c>--inProcess</c>, all cases but the first have warm code.</summary>
    private static bool _hasGenerated;

    /// <summary>The models of the run.</summary>
    public static IEnumerable<string> Models => RunSettings.Current.Models.Select(model => model.Name);

    /// <summary>The formats of the run.</summary>
    public static IEnumerable<string> Formats => RunSettings.Current.Formats;

    /// <summary>Name of the model.</summary>
    [ParamsSource(nameof(Models))]
    public string Model { get; set; } = "";

    /// <summary>Name of the format.</summary>
    [ParamsSource(nameof(Formats))]
    public string Format { get; set; } = "";

    [GlobalSetup(Target = nameof(LoadModel))]
    public void SetUpLoadModel()
    {
        Begin(Phase.LoadModel);
        _recorder.Guard(() => _recorder.LoadForNothing(() => LoadedCase.Load(_settings, Model, Format)));
    }

    /// <summary>From the call that opens the model to the model ready for its first token.</summary>
    [Benchmark]
    public object LoadModel() => _loaded = _recorder.Guard(() => LoadedCase.Load(_settings, Model, Format));

    [IterationCleanup(Target = nameof(LoadModel))]
    public void Unload() => _recorder.Guard(() =>
    {
        _recorder.Unload(_loaded!);
        _loaded = null;
    });

    [GlobalCleanup(Target = nameof(LoadModel))]
    public void CleanUpLoadModel() => _recorder.Write();

    [GlobalSetup(Target = nameof(FirstToken))]
    public void SetUpFirstToken()
    {
        Begin(Phase.FirstToken);
        _recorder.Guard(() =>
        {
            _loaded = LoadedCase.Load(_settings, Model, Format);
            _hasGenerated = true;
            var start = Stopwatch.GetTimestamp();
            _loaded.FirstToken();
            _coldFirstToken = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        });
    }

    /// <summary>A call that is not measured, right before the one that is: a device that has rested some milliseconds takes 0.01 to 0.04 ms to wake.</summary>
    [IterationSetup(Target = nameof(FirstToken))]
    public void WarmFirstToken()
    {
        if (_isFirstTokenBrief)
        {
            var start = Stopwatch.GetTimestamp();
            _recorder.Guard(_loaded!.FirstToken);
            _isFirstTokenBrief = Stopwatch.GetElapsedTime(start) < _brief;
        }
    }

    /// <summary>From the prompt as a string to the first new id on the host, greedy.</summary>
    [Benchmark]
    public int FirstToken() => _recorder.Guard(_loaded!.FirstToken);

    [GlobalCleanup(Target = nameof(FirstToken))]
    public void CleanUpFirstToken() => _recorder.Guard(() =>
    {
        _recorder.Unload(_loaded!);
        _recorder.Write(record => record with { ColdFirstTokenMilliseconds = _coldFirstToken });
    });

    [GlobalSetup(Target = nameof(Generate50))]
    public void SetUpGenerate50()
    {
        Begin(Phase.Generate50);
        _recorder.Guard(() =>
        {
            _loaded = LoadedCase.Load(_settings, Model, Format);
            var isFresh = !_hasGenerated;
            _hasGenerated = true;
            var start = Stopwatch.GetTimestamp();
            var times = _loaded.WarmUp();
            while (Stopwatch.GetElapsedTime(start) < _settling)
            {
                _loaded.Generate();
            }
            _coldTokens = isFresh ? times : null;
        });
    }

    /// <summary>From the prompt as a string to the last new id on the host, sampled; 50 ids unless <c>--tokens</c> says otherwise.</summary>
    [Benchmark]
    public int Generate50() => _recorder.Guard(() => _loaded!.Generate());

    [GlobalCleanup(Target = nameof(Generate50))]
    public void CleanUpGenerate50() => _recorder.Guard(() =>
    {
        var generated = GenerationFacts.Collect(_settings, _loaded!);
        var tokens = new FirstTokens { Cold = _coldTokens, Warm = _loaded!.WarmUp() };
        var energy = _settings.IsEnergyMeasured ? MeasureEnergy() : null;
        _recorder.Unload(_loaded);
        var quality = CaseQuality.Measure(_settings, Model, Format);
        _recorder.Write(record => record with { Generated = generated, FirstTokens = tokens, Energy = energy, Quality = quality });
    });

    private EnergyRecord? MeasureEnergy()
    {
        using var monitor = BackendRegistry.Find(_settings.Backend).Monitor(_settings.BackendOptions);
        return EnergyMeter.Default.Measure(monitor, () =>
        {
            _loaded!.Generate();
            return _settings.Tokens;
        });
    }

    private void Begin(Phase phase)
    {
        _settings = RunSettings.Current;
        _recorder = new PhaseRecorder(_settings, Model, Format, phase);
        _recorder.Guard(_recorder.StartDevice);
    }
}
