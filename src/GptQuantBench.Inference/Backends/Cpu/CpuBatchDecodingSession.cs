using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Sampling;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>
/// A batch on the CPU. Each pass takes the next id of every sequence that generates, and as many ids of prompts as there is room for, so
/// sequences with short prompts do not wait for long ones.
/// </summary>
internal sealed unsafe class CpuBatchDecodingSession : IBatchDecodingSession
{
    private readonly ModelConfiguration _configuration;
    private readonly ICpuForwardPass _forward;
    private readonly WorkerPool _pool;
    private readonly NativeBuffer<float> _logits; // FP32 [choices of a pass, vocabulary]
    private readonly Sampler[] _samplers;         // one for each thread
    private readonly int[] _positions;            // by sequence, as the next three
    private readonly BatchSequence[] _work;
    private readonly int[] _fed;                  // ids of the prompt that are in the cache
    private readonly int[] _generated;            // new ids so far
    private readonly int[] _passIds;
    private readonly SequenceRun[] _runs;
    private readonly int[] _lastTokens;           // by choice: index of the id in the pass whose logits are wanted, and its sequence
    private readonly int[] _choosing;
    private readonly Action<int, int> _choose;

    public CpuBatchDecodingSession(
        ModelConfiguration configuration, ICpuForwardPass forward, WorkerPool pool, MemoryLedger ledger, int sequences, int capacity)
    {
        _configuration = configuration;
        _forward = forward;
        _pool = pool;
        BatchSize = sequences;
        Capacity = capacity;
        _samplers = [.. Enumerable.Range(0, sequences == 1 ? 1 : pool.ThreadCount).Select(_ => new Sampler(configuration.VocabularySize))];
        _positions = new int[sequences];
        _work = new BatchSequence[sequences];
        _fed = new int[sequences];
        _generated = new int[sequences];
        _passIds = new int[forward.MaximumTokens];
        _runs = new SequenceRun[sequences];
        _lastTokens = new int[sequences];
        _choosing = new int[sequences];
        _choose = Choose;
        _logits = new(ledger, MemoryCategory.Workspace, (long)sequences * configuration.VocabularySize, BufferFill.Zero);
    }

    /// <inheritdoc />
    public int BatchSize { get; }

    /// <inheritdoc />
    public int Capacity { get; }

    /// <inheritdoc />
    public int PositionOf(int sequence) => _positions[sequence];

    /// <inheritdoc />
    public void Reset() => Array.Clear(_positions);

    /// <inheritdoc />
    public void Rewind(int sequence, int position)
    {
        SequenceLimits.CheckRewind(position, _positions[sequence]);
        _positions[sequence] = position;
    }

    /// <inheritdoc />
    public void Extend(ReadOnlySpan<BatchSequence> sequences)
    {
        SequenceLimits.CheckBatch(sequences, _positions, Capacity, _configuration);
        sequences.CopyTo(_work);
        Array.Clear(_fed);
        Array.Clear(_generated);
        while (RunPass())
        {
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _forward.Dispose();
        _logits.Dispose();
    }

    /// <summary>Fills a sequence's cache from a position on with NaN, so that a test sees which slots are read.</summary>
    internal void PoisonCache(int sequence, int position) => _forward.PoisonCache(sequence, position);

    /// <summary>One pass over the weights; false where no sequence had anything left to do.</summary>
    private bool RunPass()
    {
        (int tokens, int runs, int choices) = (0, 0, 0);
        for (int sequence = 0; sequence < BatchSize; sequence++)
        {
            // What every later sequence needs at least stays free, so that none waits for a prompt.
            int room = _passIds.Length - tokens - (BatchSize - 1 - sequence);
            int count = TakeIds(sequence, _passIds.AsSpan(tokens, room));
            if (count == 0)
            {
                continue;
            }

            _runs[runs++] = new(sequence, _positions[sequence], count);
            _positions[sequence] += count;
            tokens += count;
            if (_fed[sequence] == _work[sequence].Ids.Length && _generated[sequence] < _work[sequence].Generated.Length)
            {
                _lastTokens[choices] = tokens - 1;
                _choosing[choices++] = sequence;
            }
        }

        if (tokens == 0)
        {
            return false;
        }

        _forward.Append(_passIds.AsSpan(0, tokens), _runs.AsSpan(0, runs), _lastTokens.AsSpan(0, choices));
        if (choices > 0)
        {
            _forward.ComputeLogits(0, choices, _logits.Data);
            _pool.Run(choices, _choose);
        }

        return true;
    }

    /// <summary>Takes ids that a sequence feeds next: of its prompt, or the last one that it generated; none where it is done.</summary>
    private int TakeIds(int sequence, Span<int> ids)
    {
        BatchSequence work = _work[sequence];
        ReadOnlySpan<int> left = work.Ids.Span[_fed[sequence]..];
        if (left.IsEmpty)
        {
            int generated = _generated[sequence];
            if (generated == 0 || generated >= work.Generated.Length)
            {
                return 0;
            }

            ids[0] = work.Generated.Span[generated - 1];
            return 1;
        }

        int count = Math.Min(left.Length, ids.Length);
        left[..count].CopyTo(ids);
        _fed[sequence] += count;
        return count;
    }

    private void Choose(int choice, int worker)
    {
        int sequence = _choosing[choice];
        int vocabulary = _configuration.VocabularySize;
        int step = _generated[sequence]++;
        _work[sequence].Generated.Span[step] =
            _samplers[worker].Sample(_logits.Slice((long)choice * vocabulary, vocabulary), _work[sequence].Sampling, step);
    }
}
