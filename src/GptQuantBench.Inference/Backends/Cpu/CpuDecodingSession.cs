using System.Diagnostics;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Sampling;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>A sequence on the CPU.</summary>
internal sealed unsafe class CpuDecodingSession : IDecodingSession
{
    // Positions whose logits are handed out together: enough to share an unpacked panel, 13 MB for GPT-2's vocabulary.
    private const int LogitsRows = 64;

    private readonly ModelConfiguration _configuration;
    private readonly ICpuForwardPass _forward;
    private readonly MemoryLedger _ledger;
    private readonly NativeBuffer<float> _lastLogits;
    private readonly Sampler _sampler;
    private readonly int[] _tokens; // 0, 1, 2, …: to slice indices from
    private NativeBuffer<float>? _allLogits;

    public CpuDecodingSession(
        ModelConfiguration configuration, ICpuForwardPass forward, WorkerPool pool, MemoryLedger ledger, int capacity)
    {
        _configuration = configuration;
        _forward = forward;
        _ledger = ledger;
        Capacity = capacity;
        _sampler = new(configuration.VocabularySize, pool.Run);
        _tokens = [.. Enumerable.Range(0, forward.MaximumTokens)];
        _lastLogits = new(ledger, MemoryCategory.Workspace, configuration.VocabularySize, BufferFill.Zero);
    }

    /// <inheritdoc />
    public int Capacity { get; }

    /// <inheritdoc />
    public int Position { get; private set; }

    /// <inheritdoc />
    public DecodeStepCost? StepCost => null;

    /// <inheritdoc />
    public void Reset() => Position = 0;

    /// <inheritdoc />
    public void Rewind(int position)
    {
        SequenceLimits.CheckRewind(position, Position);
        Position = position;
    }

    /// <inheritdoc />
    public void Generate(ReadOnlySpan<int> promptIds, Span<int> generated, SamplingOptions sampling, Action<int, int>? onToken = null)
    {
        SequenceLimits.CheckIds(promptIds, _configuration);
        SequenceLimits.CheckRoom(0, promptIds.Length + Math.Max(0, generated.Length - 1), Capacity);
        Reset();
        AppendAndChoose(promptIds, generated, sampling, onToken);
    }

    /// <inheritdoc />
    public void Extend(ReadOnlySpan<int> ids, Span<int> generated, SamplingOptions sampling)
    {
        SequenceLimits.CheckIds(ids, _configuration);
        SequenceLimits.CheckRoom(Position, ids.Length + Math.Max(0, generated.Length - 1), Capacity);
        AppendAndChoose(ids, generated, sampling, onToken: null);
    }

    /// <inheritdoc />
    public void GenerateTimed(ReadOnlySpan<int> promptIds, Span<int> generated, SamplingOptions sampling, Span<double> milliseconds)
    {
        SequenceLimits.CheckTimes(generated.Length, milliseconds.Length);
        long[] stamps = new long[generated.Length];
        Generate(promptIds, generated, sampling, (index, _) => stamps[index] = Stopwatch.GetTimestamp());
        for (int i = 0; i < milliseconds.Length; i++)
        {
            milliseconds[i] = Stopwatch.GetElapsedTime(stamps[i], stamps[i + 1]).TotalMilliseconds;
        }
    }

    /// <inheritdoc />
    public void ComputeLogits(ReadOnlySpan<int> ids, LogitsConsumer consumer)
    {
        ArgumentNullException.ThrowIfNull(consumer);
        SequenceLimits.CheckIds(ids, _configuration);
        SequenceLimits.CheckRoom(Position, ids.Length, Capacity);
        int vocabulary = _configuration.VocabularySize;
        int rows = Math.Min(LogitsRows, Capacity);
        _allLogits ??= new(_ledger, MemoryCategory.Workspace, (long)rows * vocabulary, BufferFill.Zero);
        while (!ids.IsEmpty)
        {
            int first = Position;
            ReadOnlySpan<int> now = ids[..Math.Min(_forward.MaximumTokens, ids.Length)];
            Append(now, _tokens.AsSpan(0, now.Length));
            for (int row = 0; row < now.Length; row += rows)
            {
                int count = Math.Min(rows, now.Length - row);
                _forward.ComputeLogits(row, count, _allLogits.Data);
                consumer(first + row, count, _allLogits.Slice(0, checked(count * vocabulary)));
            }

            ids = ids[now.Length..];
        }
    }

    /// <summary>Fills the cache from a position on with NaN, so that a test sees which slots are read.</summary>
    internal void PoisonCache(int position) => _forward.PoisonCache(sequence: 0, position);

    /// <inheritdoc />
    public void Dispose()
    {
        _forward.Dispose();
        _lastLogits.Dispose();
        _allLogits?.Dispose();
    }

    private void AppendAndChoose(ReadOnlySpan<int> ids, Span<int> generated, SamplingOptions sampling, Action<int, int>? onToken)
    {
        AppendAll(ids, isLastWanted: generated.Length > 0);
        Span<float> logits = _lastLogits.Slice(0, _configuration.VocabularySize);
        for (int step = 0; step < generated.Length; step++)
        {
            if (step > 0)
            {
                AppendAll(generated.Slice(step - 1, 1), isLastWanted: true);
            }

            _forward.ComputeLogits(0, 1, _lastLogits.Data);
            generated[step] = _sampler.Sample(logits, sampling, step);
            onToken?.Invoke(step, generated[step]);
        }
    }

    /// <summary>Runs ids through the model.</summary>
    private void AppendAll(ReadOnlySpan<int> ids, bool isLastWanted)
    {
        while (!ids.IsEmpty)
        {
            int count = Math.Min(_forward.MaximumTokens, ids.Length);
            Append(ids[..count], isLastWanted && count == ids.Length ? _tokens.AsSpan(count - 1, 1) : default);
            ids = ids[count..];
        }
    }

    /// <summary>Runs as many ids as the forward pass takes at once.</summary>
    private void Append(ReadOnlySpan<int> ids, ReadOnlySpan<int> wanted)
    {
        _forward.Append(ids, [new SequenceRun(Sequence: 0, Position, ids.Length)], wanted);
        Position += ids.Length;
    }
}
