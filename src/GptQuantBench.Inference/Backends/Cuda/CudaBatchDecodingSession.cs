using GptQuantBench.Cuda;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Sampling;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>
/// Sequences that decode together on the GPU. All prompts run first, their ids one after another in passes of many rows; then one step
/// serves the next id of every sequence that still generates. Sequences have their places in a step by the number of ids they generate,
/// most first, so the ones that are done are always the last rows, and fewer rows are all that changes. Everything is queued as a whole,
/// as in <see cref="CudaDecodingSession"/>.
/// </summary>
internal sealed class CudaBatchDecodingSession : IBatchDecodingSession
{
    // What the device writes instead of an id where no logit is finite (tables.cuh).
    private const int NoChoice = -2;

    private readonly CudaLanguageModel _model;
    private readonly ModelConfiguration _configuration;
    private readonly CudaStream _stream;
    private readonly KernelSet _kernels;
    private readonly Gpt2Layers _layers;
    private readonly BatchBuffers _buffers;
    private readonly BatchAttention _attention;
    private readonly StepwiseBlocks _blocks;
    private readonly TiledProduct? _tiled;
    private readonly GraphRecorder _recorder;
    private readonly bool _replays;
    private readonly int _passRows;
    private readonly Dictionary<(int Rows, bool Sampled), CudaGraphExec> _steps = [];
    private readonly int[] _positions; // by sequence
    private readonly int[] _places;    // the sequence in each place
    private readonly int[] _rowsUntil; // by place: rows of prompts up to its own

    /// <summary>Allocates everything that the batch needs.</summary>
    /// <exception cref="CudaOutOfMemoryException">It does not fit.</exception>
    public CudaBatchDecodingSession(CudaLanguageModel model, int sequences, int capacity)
    {
        _model = model;
        _configuration = model.Configuration;
        _stream = model.Stream;
        _kernels = model.Kernels;
        _layers = model.Layers;
        _recorder = new(model.Pools.Context, _stream);
        _replays = model.Path != DecodePath.Eager && !_stream.SynchronizesLaunches;
        BatchSize = sequences;
        Capacity = capacity;
        _positions = new int[sequences];
        _places = new int[sequences];
        _rowsUntil = new int[sequences];
        _passRows = (int)Math.Max(sequences, Math.Min(CudaDecodingSession.LongestPass, (long)sequences * capacity));
        _buffers = new(model.Pools, _stream, _configuration, _kernels.Linear, sequences, capacity, _passRows);
        try
        {
            _attention = new(_configuration, _kernels, _buffers);
            _tiled = model.Path == DecodePath.CuBlas ? null : new(model.Pools, _stream, _kernels.Tiled);
            IMatrixProduct product = _tiled is null ? model.CuBlas : BatchProduct.Of(model, () => _tiled);
            _blocks = new(_configuration, _layers, _kernels.Rows, _buffers, product, _attention);
        }
        catch
        {
            Dispose();
            throw;
        }
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
        bool sampled = false;
        foreach (BatchSequence sequence in sequences)
        {
            if (!sequence.Generated.IsEmpty)
            {
                sampled |= !sequence.Sampling.IsGreedy;
                if (sequence.Sampling.FindError() is { } error)
                {
                    throw new ArgumentException(error, nameof(sequences));
                }
            }
        }

        int places = Place(sequences);
        if (places == 0)
        {
            return;
        }

        using CudaContextScope scope = _model.Pools.Context.Use();
        int rows = FillRows(sequences, places);
        _buffers.Start(_stream, BatchSize + rows, places);
        int choosing = GeneratingAt(sequences, places, 0);
        for (int place = 0; place < choosing && sampled; place++)
        {
            _kernels.Sample.SetOptions(_stream, Scratch(place), sequences[_places[place]].Sampling);
        }

        QueuePrompts(rows, choosing);
        if (choosing > 0)
        {
            QueueChoice(_buffers.LastResidual, choosing, sampled);
        }

        for (int step = 1; GeneratingAt(sequences, places, step) is > 0 and var active; step++)
        {
            QueueStep(active, sampled);
        }

        for (int place = 0; place < places; place++)
        {
            BatchSequence sequence = sequences[_places[place]];
            _positions[_places[place]] += sequence.Ids.Length + Math.Max(0, sequence.Generated.Length - 1);
        }

        _stream.Synchronize();
        for (int place = 0; place < choosing; place++)
        {
            Take(place, sequences[_places[place]].Generated.Span);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (CudaGraphExec step in _steps.Values)
        {
            step.Dispose();
        }

        _tiled?.Dispose();
        _buffers.Dispose();
    }

    /// <summary>Fills a sequence's cache with NaN, so that a test sees what is read.</summary>
    internal void PoisonCache(int sequence)
    {
        using CudaContextScope scope = _model.Pools.Context.Use();
        _buffers.PoisonCache(sequence, _stream);
    }

    /// <summary>Gives the sequences that take part their places; returns how many.</summary>
    private int Place(ReadOnlySpan<BatchSequence> sequences)
    {
        int places = 0;
        for (int sequence = 0; sequence < sequences.Length; sequence++)
        {
            if (sequences[sequence].Ids.IsEmpty)
            {
                continue;
            }

            int place = places++;
            for (; place > 0 && sequences[_places[place - 1]].Generated.Length < sequences[sequence].Generated.Length; place--)
            {
                _places[place] = _places[place - 1];
            }

            _places[place] = sequence;
        }

        return places;
    }

    /// <summary>Places whose sequences choose an id in a step.</summary>
    private int GeneratingAt(ReadOnlySpan<BatchSequence> sequences, int places, int step)
    {
        while (places > 0 && sequences[_places[places - 1]].Generated.Length <= step)
        {
            places--;
        }

        return places;
    }

    /// <summary>The rows of all prompts by place; returns how many.</summary>
    private int FillRows(ReadOnlySpan<BatchSequence> sequences, int places)
    {
        Span<BatchRow> steps = _buffers.HostRows.Span[..BatchSize];
        Span<BatchRow> prompts = _buffers.HostRows.Span[BatchSize..];
        int rows = 0;
        for (int place = 0; place < places; place++)
        {
            int sequence = _places[place];
            ReadOnlySpan<int> ids = sequences[sequence].Ids.Span;
            for (int i = 0; i < ids.Length; i++)
            {
                prompts[rows++] = new(sequence, _positions[sequence] + i, ids[i]);
            }

            steps[place] = prompts[rows - 1]; // the first choice moves it on
            _rowsUntil[place] = rows;
            _buffers.HostLastRows.Span[place] = (rows - 1) % _passRows;
        }

        return rows;
    }

    private void QueuePrompts(int rows, int choosing)
    {
        int gathered = 0, ended = 0;
        for (int first = 0; first < rows; first += _passRows)
        {
            int count = Math.Min(_passRows, rows - first);
            _attention.Rows = _buffers.Rows(BatchSize + first);
            _kernels.Tables.EmbedRows(
                _stream, _layers.TokenEmbedding.View, _layers.PositionEmbedding.View, _attention.Rows, _buffers.Residual, count);
            _blocks.Queue(_stream, count);

            // Places are in the order of their rows, so those whose prompts end in this pass follow one another.
            while (ended < choosing && _rowsUntil[ended] <= first + count)
            {
                ended++;
            }

            if (ended > gathered)
            {
                _kernels.Batch.Gather(
                    _stream,
                    ended - gathered,
                    _buffers.Residual,
                    _buffers.LastRows(gathered),
                    _buffers.LastResidual + ((long)gathered * _configuration.EmbeddingSize * sizeof(float)),
                    _configuration.EmbeddingSize);
                gathered = ended;
            }
        }

        _attention.Rows = _buffers.Rows(0);
    }

    private void QueueStep(int rows, bool sampled)
    {
        if (!_replays)
        {
            QueueStepLaunches(rows, sampled);
            return;
        }

        if (!_steps.TryGetValue((rows, sampled), out CudaGraphExec? graph))
        {
            graph = _recorder.Capture(() => QueueStepLaunches(rows, sampled));
            _steps.Add((rows, sampled), graph);
        }

        graph.Launch(_stream);
    }

    private void QueueStepLaunches(int rows, bool sampled)
    {
        _blocks.Queue(_stream, rows);
        QueueChoice(_buffers.Residual, rows, sampled);
    }

    /// <summary>From a residual stream to the next id of every row, embedded for the next step.</summary>
    private void QueueChoice(CudaDevicePointer residual, int rows, bool sampled)
    {
        int vocabulary = _configuration.VocabularySize;
        _blocks.QueueHead(_stream, residual, _buffers.Logits, rows);
        _kernels.Batch.BestLogits(_stream, rows, _buffers.Logits, vocabulary, _buffers.States);
        if (sampled)
        {
            _kernels.Sample.QueueRows(_stream, rows, _buffers.Logits, _buffers.Sampling, _buffers.ScratchPitch, _buffers.States, vocabulary);
        }

        _kernels.Tables.AdvanceRows(
            _stream,
            _layers.TokenEmbedding.View,
            _layers.PositionEmbedding.View,
            _buffers.Residual,
            _buffers.Rows(0),
            _buffers.States,
            _buffers.Generated.DevicePointer,
            _buffers.GeneratedPitch,
            rows);
    }

    private CudaDevicePointer Scratch(int place) => _buffers.Sampling + (place * _buffers.ScratchPitch);

    /// <summary>Takes a place's ids.</summary>
    /// <exception cref="NonFiniteLogitsException">No logit of a step was finite.</exception>
    private void Take(int place, Span<int> generated)
    {
        ReadOnlySpan<int> ids = _buffers.Generated.Span.Slice(place * _buffers.GeneratedPitch, generated.Length);
        if (ids.Contains(NoChoice))
        {
            float[] logits = new float[_configuration.VocabularySize];
            CudaMemory.CopyToHost<float>(logits, _buffers.Logits + ((long)place * logits.Length * sizeof(float)));
            int token = Math.Max(0, Array.FindIndex(logits, logit => !float.IsFinite(logit)));
            throw new NonFiniteLogitsException(token, logits[token]);
        }

        ids.CopyTo(generated);
    }
}
