using System.Diagnostics;
using GptQuantBench.Benchmarks;

namespace GptQuantBench.Exporters;

/// <summary>
/// <c>--case-timeout</c>: a case that runs longer gets its reason on record, its process is killed, and the next case runs. In this
/// process there is nothing to kill without losing the run, so there the run ends.
/// </summary>
internal sealed class CaseWatchdog : IDisposable
{
    private readonly TimeSpan? _limit;
    private readonly PhaseRecordStore _store;
    private readonly Action<string>? _endRun;
    private readonly Lock _lock = new();
    private readonly Timer _timer;
    private (string Model, string Format, Phase Phase)? _running;

    /// <param name="limit">Longest time of a case, its process starts included; null watches nothing.</param>
    /// <param name="store">The records of the run.</param>
    /// <param name="endRun">Ends the run with a reason, where cases run in this process; else null.</param>
    public CaseWatchdog(TimeSpan? limit, PhaseRecordStore store, Action<string>? endRun)
    {
        _limit = limit;
        _store = store;
        _endRun = endRun;
        _timer = new Timer(_ => End());
    }

    /// <summary>A phase begins; the clock starts with the first of a case.</summary>
    public void PhaseStarted(string model, string format, Phase phase)
    {
        lock (_lock)
        {
            var isNew = _running is null;
            _running = (model, format, phase);
            if (isNew && _limit is { } limit)
            {
                _timer.Change(limit, Timeout.InfiniteTimeSpan);
            }
        }
    }

    /// <summary>A phase has ended, with all processes that ran it; one that died has left its name behind.</summary>
    public void PhaseEnded()
    {
        foreach (var id in _store.Processes())
        {
            _store.Forget(id);
        }
    }

    /// <summary>The case has ended.</summary>
    public void CaseEnded()
    {
        lock (_lock)
        {
            _running = null;
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _timer.Dispose();

    private void End()
    {
        lock (_lock)
        {
            if (_running is not var (model, format, phase))
            {
                return;
            }

            var reason = $"The case ran longer than --case-timeout allows ({_limit!.Value.TotalSeconds:0.###} s) and was ended in {phase}; raise the limit, or see why it hangs.";
            // Written first: the phases that follow read it, and do not start.
            _store.Write(new PhaseRecord { Model = model, Format = format, Phase = phase, Error = reason });
            if (_endRun is null)
            {
                Kill();
            }
            else
            {
                _running = null;
                _endRun(reason);
            }
        }
    }

    private void Kill()
    {
        foreach (var id in _store.Processes())
        {
            try
            {
                using var process = Process.GetProcessById(id);
                process.Kill(entireProcessTree: true);
            }
            catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
            {
                // It has ended by itself meanwhile.
            }

            _store.Forget(id);
        }
    }
}
