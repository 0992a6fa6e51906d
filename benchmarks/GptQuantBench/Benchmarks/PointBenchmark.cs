using BenchmarkDotNet.Attributes;
using GptQuantBench.Commands;

namespace GptQuantBench.Benchmarks;

/// <summary>
/// A benchmark over points that share one process and what it has loaded. BenchmarkDotNet calls the benchmark once an iteration, first
/// all calls of the first point, then those of the next, so its list of times falls into equal pieces, one for each point. What a point
/// needs before its clock (filling a cache, warm-up) is done between the iterations.
/// </summary>
/// <typeparam name="TPoint">What is changed from point to point.</typeparam>
public abstract class PointBenchmark<TPoint>
{
    private readonly Dictionary<int, string> _errors = [];
    private PointCalls<TPoint>? _calls;
    private int _iteration;
    private int _point = -1;

    /// <summary>The run.</summary>
    private protected RunSettings Settings { get; private set; } = null!;

    /// <summary>Why points failed, by their index.</summary>
    private protected IReadOnlyDictionary<int, string> PointErrors => _errors;

    /// <summary>Loads, once for all points.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        Settings = RunSettings.Current;
        try
        {
            _calls = Start();
        }
        catch (Exception exception)
        {
            Fail(FailureText.Of(exception));
            throw;
        }
    }

    /// <summary>Makes the next call's point ready.</summary>
    [IterationSetup]
    public void NextCall()
    {
        var point = _iteration++ / _calls!.Repeats;
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
                Prepare(point, _calls.Points[point]);
                for (var call = 0; call < _calls.WarmUps; call++)
                {
                    Rewind(_calls.Points[point]);
                    Measure(point, _calls.Points[point]);
                }

                EndWarmUp(point);
            }

            Rewind(_calls.Points[point]);
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
        if (_calls is not null)
        {
            Finish();
        }
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
            Measure(_point, _calls!.Points[_point]);
        }
        catch (Exception exception)
        {
            _errors.Add(_point, FailureText.Of(exception));
        }
    }

    /// <summary>Loads, and says what will be called.</summary>
    private protected abstract PointCalls<TPoint> Start();

    /// <summary>Leaves a record of a start that failed.</summary>
    private protected abstract void Fail(string error);

    /// <summary>Gives everything back, and leaves the record.</summary>
    private protected abstract void Finish();

    /// <summary>The measured work, with the device idle when it returns.</summary>
    private protected abstract void Measure(int index, TPoint point);

    /// <summary>What the first call of a point needs.</summary>
    private protected virtual void Prepare(int index, TPoint point)
    {
    }

    /// <summary>What every call of a point needs.</summary>
    private protected virtual void Rewind(TPoint point)
    {
    }

    /// <summary>Forgets what the calls for warm-up left.</summary>
    private protected virtual void EndWarmUp(int index)
    {
    }

    private bool IsRunning => _point < _calls!.Points.Count && !_errors.ContainsKey(_point);
}
