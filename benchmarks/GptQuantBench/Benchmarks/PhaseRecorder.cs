using System.Collections.Concurrent;
using GptQuantBench.Commands;
using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Benchmarks;

/// <summary>Collects the record of one phase in the process that runs it, and writes it also where the phase fails.</summary>
internal sealed class PhaseRecorder
{
    private static readonly ConcurrentDictionary<(string Backend, int Device), BackendStartup> _started = [];

    private readonly RunSettings _settings;
    private readonly PhaseRecordStore _store;
    private readonly long _residentBefore = ResidentSet.Bytes;
    private PhaseRecord _record;
    private BackendStartup _startup = new(null, null);
    private DeviceMemory? _throwAway;
    private bool _isWritten;

    /// <exception cref="UserErrorException">An earlier phase of the case failed, or an earlier case has cost this process its device.</exception>
    public PhaseRecorder(RunSettings settings, string model, string format, Phase phase)
    {
        _settings = settings;
        _store = new PhaseRecordStore(settings.RecordDirectory);
        _record = new PhaseRecord { Model = model, Format = format, Phase = phase };
        if (_store.EarlierError(model, format) is { } error)
        {
            throw new UserErrorException(error);
        }

        if (LostDevice.Of(settings) is { } lost)
        {
            UserErrorException cannotRun = new(lost.Consequence);
            Write(record => record with { Error = cannotRun.Message });
            throw cannotRun;
        }

        _store.EnterProcess();
    }

    private IBackend Backend => BackendRegistry.Find(_settings.Backend);

    /// <summary>Starts the device and notes what that cost; in process, what it cost the first case.</summary>
    public void StartDevice() =>
        _startup = _started.GetOrAdd((_settings.Backend, _settings.Device), _ => Backend.Start(_settings.BackendOptions, _settings.Planned));

    /// <summary>
    /// Loads once for nothing on a device with memory of its own: the driver keeps some after the first load, which is no leak. Later
    /// clean-ups are held against the state after this one.
    /// </summary>
    public void LoadForNothing(Func<LoadedCase> load)
    {
        if (Backend.ReadMemory(_settings.BackendOptions) is not null)
        {
            load().Dispose();
            _throwAway = Backend.ReadMemory(_settings.BackendOptions);
        }
    }

    /// <summary>Reads the facts of a loaded model, disposes it and checks that nothing is left.</summary>
    public void Unload(LoadedCase loaded)
    {
        var model = loaded.Model;
        var usage = loaded.Memory;
        var residentLoaded = Environment.WorkingSet;
        var driver = Backend.ReadMemory(_settings.BackendOptions);
        var architecture = loaded.Opened.Architecture;
        var footprint = ModelFootprint.Of(architecture, model.Configuration, model.Format);
        _record = _record with
        {
            Loaded = new(
                Backend.Probe(_settings.BackendOptions).Device,
                model.Decode,
                model.DefaultDecode,
                model.Format.Name,
                model.Format.BitsPerWeight(architecture.Weights(model.Configuration)),
                footprint.ParameterCount,
                footprint.WeightBytes,
                model.BytesPerToken,
                _startup.ContextTime?.TotalSeconds,
                _startup.JitTime?.TotalSeconds),
        };
        loaded.Dispose();
        var driverLeaked = Backend.ReadMemory(_settings.BackendOptions)?.UsedBytes - _throwAway?.UsedBytes;
        _record = _record with
        {
            Cleanup = new(usage, loaded.Memory.TotalBytes, _residentBefore, residentLoaded, ResidentSet.Bytes, driver, driverLeaked),
        };
    }

    /// <summary>Writes the record.</summary>
    public void Write(Func<PhaseRecord, PhaseRecord>? complete = null)
    {
        if (!_isWritten)
        {
            _isWritten = true;
            _store.Write(complete is null ? _record : complete(_record));
            _store.LeaveProcess();
        }
    }

    /// <summary>Runs a part of the phase; a failure goes into the record before BenchmarkDotNet sees it.</summary>
    public T Guard<T>(Func<T> part)
    {
        try
        {
            return part();
        }
        catch (Exception exception)
        {
            var isDeviceFault = Backend.FaultOf(exception, _settings.BackendOptions) is not null;
            if (isDeviceFault)
            {
                LostDevice.Note(_settings, _record);
            }

            Write(record => record with { Error = FailureText.Of(exception), IsDeviceFault = isDeviceFault });
            throw;
        }
    }

    /// <inheritdoc cref="Guard{T}" />
    public void Guard(Action part) => Guard<object?>(() =>
    {
        part();
        return null;
    });
}
