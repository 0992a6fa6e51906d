using GptQuantBench.Cuda;
using GptQuantBench.Inference.Sampling;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>The chosen ids of a queued generation, which the device writes one by one into page-locked memory that the host watches.</summary>
internal sealed class ArrivingIds
{
    /// <summary>What the device writes instead of an id where no logit is finite (tables.cuh).</summary>
    public const int NoChoice = -2;

    private const int NotYet = -1;

    private readonly CudaStream _stream;
    private readonly SequenceBuffers _buffers;
    private readonly int _vocabularySize;
    private readonly PersistentDecoder? _persistent;

    /// <param name="stream">Where the generation is queued.</param>
    /// <param name="buffers">Has the page-locked memory and the last logits.</param>
    /// <param name="vocabularySize">Logits of a position.</param>
    /// <param name="persistent">Knows why the persistent kernel has ended early; null on other paths.</param>
    public ArrivingIds(CudaStream stream, SequenceBuffers buffers, int vocabularySize, PersistentDecoder? persistent)
    {
        _persistent = persistent;
        _stream = stream;
        _buffers = buffers;
        _vocabularySize = vocabularySize;
    }

    /// <summary>Marks the first slots as not written; call before anything of the generation is queued.</summary>
    public void Clear(int count)
    {
        Span<int> ids = _buffers.Generated.Span;
        ids[..Math.Min(ids.Length, count)].Fill(NotYet);
    }

    /// <summary>Takes an id if it is there.</summary>
    /// <exception cref="NonFiniteLogitsException">No logit of its step was finite.</exception>
    public bool TryTake(int index, Span<int> generated, Action<int, int>? onToken)
    {
        int id = Volatile.Read(ref _buffers.Generated.Span[index]);
        if (id == NotYet)
        {
            return false;
        }

        if (id == NoChoice)
        {
            throw NotFinite();
        }

        generated[index] = id;
        onToken?.Invoke(index, id);
        return true;
    }

    /// <summary>Waits until an id is there; a fault on the device ends the wait with its error.</summary>
    public void WaitFor(int index)
    {
        const int SpinsBetweenQueries = 1024;
        ref int slot = ref _buffers.Generated.Span[index];
        for (int spin = 1; Volatile.Read(ref slot) == NotYet; spin++)
        {
            if (spin % SpinsBetweenQueries == 0 && _stream.IsCompleted && Volatile.Read(ref slot) == NotYet)
            {
                _persistent?.ThrowIfGivenUp();
                throw new InvalidOperationException("The device ended a generation without choosing an id; report this together with the model.");
            }

            Thread.SpinWait(1);
        }
    }

    /// <summary>The error of a step without a finite logit; a NaN that has come into the sequence is in every later step too.</summary>
    private NonFiniteLogitsException NotFinite()
    {
        _stream.Synchronize();
        float[] logits = new float[_vocabularySize];
        CudaMemory.CopyToHost<float>(logits, _buffers.Logits);
        int token = Math.Max(0, Array.FindIndex(logits, logit => !float.IsFinite(logit)));
        return new(token, logits[token]);
    }
}
