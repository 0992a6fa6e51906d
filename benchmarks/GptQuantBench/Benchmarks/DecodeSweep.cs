using BenchmarkDotNet.Attributes;

namespace GptQuantBench.Benchmarks;

/// <summary>
/// The FP16 baseline against every other way that the backend decodes FP16: the same generation as the main job's, by each decode path.
/// </summary>
public class DecodeSweep
{
    /// <summary>What sweeps by this class are called in reports.</summary>
    internal const string Name = "decode";

    private RunSettings _settings = null!;
    private PhaseRecorder _recorder = null!;
    private LoadedCase? _loaded;

    /// <summary>The paths of the run.</summary>
    public static IEnumerable<string> Paths => RunSettings.Current.SweptDecodePaths;

    /// <summary>Name of the decode path.</summary>
    [ParamsSource(nameof(Paths))]
    public string Decode { get; set; } = "";

    [GlobalSetup]
    public void SetUp()
    {
        _settings = RunSettings.Current.ForDecodePath(Decode);
        _recorder = new PhaseRecorder(_settings, _settings.SweptModel, RunSettings.SweptFormat, Phase.Generate50);
        _recorder.Guard(() =>
        {
            _recorder.StartDevice();
            _loaded = LoadedCase.Load(_settings, _settings.SweptModel, RunSettings.SweptFormat);
            _loaded.WarmUp();
        });
    }

    /// <summary>From the prompt as a string to the last new id on the host, as <see cref="MainJob.Generate50"/>.</summary>
    [Benchmark]
    public int Generate50() => _recorder.Guard(() => _loaded!.Generate());

    [GlobalCleanup]
    public void CleanUp() => _recorder.Guard(() =>
    {
        var generated = GenerationFacts.Collect(_settings, _loaded!);
        _recorder.Unload(_loaded!);
        _recorder.Write(record => record with { Generated = generated });
    });
}
