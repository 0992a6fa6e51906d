using System.Diagnostics;
using GptQuantBench.Cuda;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Sampling;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>
/// A sequence on the GPU. A generation is queued as a whole: the prompt's pass, then one step an id, each reading its position and id
/// from device memory; the host only watches the ids arrive in page-locked memory.
/// </summary>
internal sealed class CudaDecodingSession : IDecodingSession
{
    /// <summary>Prompts longer than this run operation by operation, with the products of <see cref="BatchProduct"/>; shorter ones fused.</summary>
    public const int FusedPromptTokens = LinearKernels.MaxTokens;

    /// <summary>Tokens of one pass at most; bounds the memory for activations.</summary>
    public const int LongestPass = 512;

    private readonly CudaLanguageModel _model;
    private readonly ModelConfiguration _configuration;
    private readonly CudaStream _stream;
    private readonly KernelSet _kernels;
    private readonly Gpt2Layers _layers;
    private readonly SequenceBuffers _buffers;
    private readonly ArrivingIds _arriving;
    private readonly IForwardPass _short;
    private readonly IForwardPass _long;
    private readonly bool _replays;
    private readonly SequenceGraphs _greedy = new();
    private readonly SequenceGraphs _sampled = new();
    private readonly GraphRecorder _recorder;
    private readonly PersistentDecoder? _persistent;
    private TiledProduct? _tiled;
    private readonly StepMarks _marks;
    private int _stepLaunches;
    private TimeSpan _hostTime;
    private CudaPageLockedHostMemory<float>? _hostLogits;

    /// <summary>Allocates everything that a generation needs.</summary>
    /// <exception cref="CudaOutOfMemoryException">It does not fit.</exception>
    public CudaDecodingSession(CudaLanguageModel model, int capacity)
    {
        _model = model;
        _configuration = model.Configuration;
        _stream = model.Stream;
        _kernels = model.Kernels;
        _layers = model.Layers;
        _recorder = new(model.Pools.Context, _stream);
        _marks = new(model.Pools.Context);
        Capacity = capacity;
        _replays = model.Path != DecodePath.Eager && !_stream.SynchronizesLaunches;

        bool longPrompts = capacity > FusedPromptTokens;
        int rows = Math.Min(capacity, longPrompts ? LongestPass : LinearKernels.MaxTokens);
        _buffers = new(model.Pools, _stream, _configuration, _kernels.Linear, capacity, rows);
        try
        {
            _persistent = model is { Persistent: { } kernel, PersistentFolds: { } folds } ? new(model, kernel, folds, _buffers) : null;
            _arriving = new(_stream, _buffers, _configuration.VocabularySize, _persistent);
            FusedForwardPass fused = new(_configuration, _layers, _kernels, _buffers);
            if (fused.MaxTokens < 1)
            {
                throw new ModelFormatException(
                    $"The model is {_configuration.EmbeddingSize} wide, more than the shared memory of {model.Pools.Context.Device.Name} holds; run it on another device.");
            }

            _short = model.Path switch
            {
                DecodePath.Eager => Stepwise(new OwnProduct(_kernels.Linear)),
                DecodePath.CuBlas => Stepwise(model.CuBlas),
                _ => fused,
            };
            _long = longPrompts && model.Path is DecodePath.Graph or DecodePath.Persistent
                ? Stepwise(BatchProduct.Of(model, () => _tiled ??= new(model.Pools, _stream, _kernels.Tiled)))
                : _short;
            if (_replays && _persistent is null)
            {
                _greedy.Step = _recorder.Capture(() => QueueStep(sampled: false));
                _sampled.Step = _recorder.Capture(() => QueueStep(sampled: true), out _stepLaunches);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc />
    public int Capacity { get; }

    /// <inheritdoc />
    public int Position { get; private set; }

    /// <inheritdoc />
    public DecodeStepCost? StepCost
    {
        get
        {
            if (_stepLaunches == 0 && _persistent is null)
            {
                // The eager path replays no graph; one is recorded to be counted, and runs never.
                using CudaGraph graph = _recorder.Record(() => QueueStep(sampled: true));
                _stepLaunches = graph.NodeCount;
            }

            return new(_stepLaunches, _hostTime);
        }
    }

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
        AppendAndChoose(promptIds, generated, sampling, onToken, isTimed: false);
    }

    /// <inheritdoc />
    public void Extend(ReadOnlySpan<int> ids, Span<int> generated, SamplingOptions sampling)
    {
        SequenceLimits.CheckIds(ids, _configuration);
        SequenceLimits.CheckRoom(Position, ids.Length + Math.Max(0, generated.Length - 1), Capacity);
        AppendAndChoose(ids, generated, sampling, onToken: null, isTimed: false);
    }

    /// <inheritdoc />
    public void GenerateTimed(ReadOnlySpan<int> promptIds, Span<int> generated, SamplingOptions sampling, Span<double> milliseconds)
    {
        SequenceLimits.CheckIds(promptIds, _configuration);
        SequenceLimits.CheckRoom(0, promptIds.Length + Math.Max(0, generated.Length - 1), Capacity);
        SequenceLimits.CheckTimes(generated.Length, milliseconds.Length);
        _marks.Prepare(generated.Length);
        Reset();
        AppendAndChoose(promptIds, generated, sampling, onToken: null, isTimed: true);
        Action<Span<double>> read = _persistent is null ? _marks.Read : _persistent.ReadTimes;
        read(milliseconds);
    }

    /// <inheritdoc />
    public unsafe void ComputeLogits(ReadOnlySpan<int> ids, LogitsConsumer consumer)
    {
        ArgumentNullException.ThrowIfNull(consumer);
        SequenceLimits.CheckIds(ids, _configuration);
        SequenceLimits.CheckRoom(Position, ids.Length, Capacity);
        using CudaContextScope scope = _model.Pools.Context.Use();
        int vocabulary = _configuration.VocabularySize;
        _hostLogits ??= new(_model.Pools.Context, (long)LinearKernels.MaxTokens * vocabulary);
        while (!ids.IsEmpty)
        {
            if (_persistent is not null && ids.Length == 1)
            {
                _persistent.QueueLogits(ids[0], Position);
                CudaMemory.CopyToHostAsync(_hostLogits.Pointer, _buffers.Logits, (long)vocabulary * sizeof(float), _stream);
                _stream.Synchronize();
                _persistent.ThrowIfGivenUp();
                consumer(Position, 1, _hostLogits.Span[..vocabulary]);
                Position++;
                return;
            }

            IForwardPass pass = PassFor(ids.Length);
            int count = Math.Min(pass.MaxTokens, ids.Length);
            ids[..count].CopyTo(_buffers.Prompt.Span);
            _kernels.Rows.SetState(_stream, _buffers.State, Position, 0);
            QueueEmbedding(0, count);
            pass.QueueBlocks(_stream, count);
            for (int row = 0; row < count; row += LinearKernels.MaxTokens)
            {
                int rows = Math.Min(LinearKernels.MaxTokens, count - row);
                QueueAllLogits(row, rows);
                CudaMemory.CopyToHostAsync(_hostLogits.Pointer, _buffers.Logits, (long)rows * vocabulary * sizeof(float), _stream);
                _stream.Synchronize();
                consumer(Position + row, rows, _hostLogits.Span[..(rows * vocabulary)]);
            }

            Position += count;
            ids = ids[count..];
        }
    }

    /// <summary>Fills the whole cache with NaN; the sequence must be empty.</summary>
    internal void PoisonCache()
    {
        using CudaContextScope scope = _model.Pools.Context.Use();
        _buffers.PoisonCache(_stream);
    }

    /// <summary>Logits from which the last id was chosen, for tests.</summary>
    internal float[] LastLogits()
    {
        using CudaContextScope scope = _model.Pools.Context.Use();
        float[] logits = new float[_configuration.VocabularySize];
        CudaMemory.CopyToHost<float>(logits, _buffers.Logits);
        return logits;
    }

    /// <summary>The persistent path's part, for tests; null on other paths.</summary>
    internal PersistentDecoder? Persistent => _persistent;

    /// <inheritdoc />
    public void Dispose()
    {
        _persistent?.Dispose();
        _greedy.Dispose();
        _sampled.Dispose();
        _marks.Dispose();
        _hostLogits?.Dispose();
        _tiled?.Dispose();
        _buffers.Dispose();
    }

    /// <summary>Queues everything, then waits for the ids; timed, each id's last kernel is followed by an event.</summary>
    private void AppendAndChoose(ReadOnlySpan<int> appended, Span<int> generated, SamplingOptions sampling, Action<int, int>? onToken, bool isTimed)
    {
        if (sampling.FindError() is { } error)
        {
            throw new ArgumentException(error, nameof(sampling));
        }

        bool sampled = !sampling.IsGreedy;
        using CudaContextScope scope = _model.Pools.Context.Use();
        _arriving.Clear(generated.Length + 1);
        appended.CopyTo(_buffers.Prompt.Span);
        if (sampled)
        {
            _kernels.Sample.SetOptions(_stream, _buffers.Sampling, sampling);
        }

        QueuePrompt(appended, generated.Length > 0, sampled);
        Position += appended.Length;
        if (isTimed && generated.Length > 0)
        {
            _marks.Record(0, _stream);
        }

        int arrived = 0;
        long start = Stopwatch.GetTimestamp();
        int steps = Math.Max(0, generated.Length - 1);
        if (_persistent is not null && steps > 0)
        {
            int before = _persistent.Launches;
            _persistent.Queue(steps, sampled, isTimed);
            _stepLaunches = (_persistent.Launches - before + steps - 1) / steps;
            Position += steps;
            steps = 0;
        }

        for (int step = 1; step <= steps; step++)
        {
            QueueNextStep(sampled);
            if (isTimed)
            {
                _marks.Record(step, _stream);
            }

            Position++;
            while (arrived < step && _arriving.TryTake(arrived, generated, onToken))
            {
                arrived++;
            }
        }

        _hostTime = Stopwatch.GetElapsedTime(start) / Math.Max(1, generated.Length - 1);
        while (arrived < generated.Length)
        {
            _arriving.WaitFor(arrived);
            _arriving.TryTake(arrived, generated, onToken);
            arrived++;
        }

        _stream.Synchronize();
    }

    private StepwiseForwardPass Stepwise(IMatrixProduct product) => new(_configuration, _layers, _kernels, _buffers, product);

    private IForwardPass PassFor(int tokens) => tokens > FusedPromptTokens ? _long : _short;

    /// <summary>All appended ids, the first new id included where one is wanted.</summary>
    private void QueuePrompt(ReadOnlySpan<int> ids, bool choose, bool sampled)
    {
        int tokens = ids.Length;
        if (choose && Position == 0 && tokens > 0 && tokens <= _persistent?.MaxPromptTokens)
        {
            _persistent.QueuePrompt(ids, sampled);
            return;
        }

        SequenceGraphs graphs = sampled ? _sampled : _greedy;
        bool isOnePass = choose && _replays && tokens < graphs.Prompts.Length && tokens <= _short.MaxTokens;
        if (isOnePass && Position == 0)
        {
            (graphs.Prompts[tokens] ??= _recorder.Capture(() => QueuePromptPasses(tokens, true, sampled))).Launch(_stream);
        }
        else if (isOnePass && tokens == 1)
        {
            // A recorded pass has its position inside; a step at any depth reads it from the state, which is set before.
            _kernels.Rows.SetState(_stream, _buffers.State, Position, 0);
            (graphs.Continuation ??= _recorder.Capture(() =>
            {
                QueueEmbedding(0, 1);
                QueueStep(sampled);
            })).Launch(_stream);
        }
        else
        {
            QueuePromptPasses(tokens, choose, sampled);
        }
    }

    private void QueuePromptPasses(int tokens, bool choose, bool sampled)
    {
        IForwardPass pass = PassFor(tokens);
        int count = 0;
        for (int first = 0; first < tokens; first += count)
        {
            count = Math.Min(pass.MaxTokens, tokens - first);
            _kernels.Rows.SetState(_stream, _buffers.State, Position + first, 0);
            QueueEmbedding(first, count);
            pass.QueueBlocks(_stream, count);
        }

        if (choose)
        {
            QueueChoice(count, sampled);
        }
    }

    private void QueueNextStep(bool sampled)
    {
        if ((sampled ? _sampled : _greedy).Step is { } graph)
        {
            graph.Launch(_stream);
        }
        else
        {
            QueueStep(sampled);
        }
    }

    private void QueueStep(bool sampled)
    {
        _short.QueueBlocks(_stream, 1);
        QueueChoice(1, sampled);
    }

    /// <summary>From the residual stream of a pass to the next id, embedded for the next step.</summary>
    private void QueueChoice(int tokens, bool sampled)
    {
        _short.QueueLogits(_stream, tokens - 1, 1);
        if (sampled)
        {
            _kernels.Sample.Queue(_stream, _buffers.Logits, _buffers.Sampling, _buffers.State, _configuration.VocabularySize);
        }

        _kernels.Tables.Advance(
            _stream,
            _layers.TokenEmbedding.View,
            _layers.PositionEmbedding.View,
            _buffers.Residual,
            _buffers.State,
            _buffers.Generated.DevicePointer,
            tokens);
    }

    private void QueueAllLogits(int row, int rows)
    {
        int each = Math.Min(rows, _short.MaxTokens);
        for (int first = 0; first < rows; first += each)
        {
            _short.QueueLogits(_stream, row + first, Math.Min(each, rows - first));
        }
    }

    private void QueueEmbedding(int first, int tokens) => _kernels.Tables.Embed(
        _stream,
        _layers.TokenEmbedding.View,
        _layers.PositionEmbedding.View,
        _buffers.Prompt.DevicePointer + ((long)first * sizeof(int)),
        _buffers.Residual,
        _buffers.State,
        tokens);
}
