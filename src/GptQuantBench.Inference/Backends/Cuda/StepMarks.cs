using GptQuantBench.Cuda;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>Events in a stream behind the steps of a generation, which tell how long each took.</summary>
/// <param name="context">Where they are made.</param>
internal sealed class StepMarks(CudaContext context) : IDisposable
{
    private readonly List<CudaEvent> _events = [];

    /// <summary>Makes marks until there are so many.</summary>
    public void Prepare(int count)
    {
        while (_events.Count < count)
        {
            _events.Add(new CudaEvent(context));
        }
    }

    /// <summary>Records a mark into a stream.</summary>
    public void Record(int index, CudaStream stream) => _events[index].Record(stream);

    /// <summary>Milliseconds from each mark to the next, all of which the device has passed.</summary>
    public void Read(Span<double> milliseconds)
    {
        for (int i = 0; i < milliseconds.Length; i++)
        {
            milliseconds[i] = CudaEvent.ElapsedMilliseconds(_events[i], _events[i + 1]);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _events.ForEach(mark => mark.Dispose());
}
