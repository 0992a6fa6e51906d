using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>
/// Causal softmax attention of one or several sequences, each with a KV cache. The cache is FP32: .NET has no FP16 conversion instruction, keys and values are read by
/// every later step, and against the weights they are few bytes (gpt2 at 64 positions: 4.7 MB beside 248 MB).
/// <code>
/// keys, values   [sequence][layer][head][position][head size padded to 16 with zeros]
/// </code>
/// </summary>
internal sealed unsafe class CpuAttention : IDisposable
{
    private const int Lanes = 16;

    private readonly int _headCount;
    private readonly int _headSize;
    private readonly int _paddedHead;
    private readonly int _capacity;
    private readonly int _layerCount;
    private readonly int _tileQueries;
    private readonly int _scratchLength;
    private readonly CpuKernel _kernel;
    private readonly WorkerPool _pool;
    private readonly NativeBuffer<float> _keys;
    private readonly NativeBuffer<float> _values;
    private readonly NativeBuffer<float> _queries; // [tokens][head][padded head], already scaled
    private readonly NativeBuffer<float> _scratch; // per thread: scores of a tile of queries, one head's output
    private readonly Action<int, int> _split;
    private readonly Action<int, int> _attend;
    private readonly int _sequences;
    private readonly Tile[] _tiles; // of the pass: queries of one sequence that share a look at the keys
    private int _tileCount;
    private int _layer;
    private float* _projected;
    private nint _projectedStride;
    private float* _output;
    private nint _outputStride;

    public CpuAttention(
        ModelConfiguration configuration, CpuKernel kernel, WorkerPool pool, MemoryLedger ledger, int sequences, int capacity, int maximumTokens)
    {
        _sequences = sequences;
        _tiles = new Tile[maximumTokens];
        _headCount = configuration.HeadCount;
        _headSize = configuration.HeadSize;
        _paddedHead = (_headSize + Lanes - 1) / Lanes * Lanes;
        _layerCount = configuration.LayerCount;
        _capacity = capacity;
        _kernel = kernel;
        _pool = pool;
        _tileQueries = Math.Min(maximumTokens, 2 * kernel.TileTokens);
        _scratchLength = (_tileQueries * capacity) + _paddedHead;
        long cacheLength = (long)sequences * _layerCount * _headCount * capacity * _paddedHead;
        _split = Split;
        _attend = Attend;
        try
        {
            _keys = new(ledger, MemoryCategory.KeyValueCache, cacheLength, BufferFill.Poison);
            _values = new(ledger, MemoryCategory.KeyValueCache, cacheLength, BufferFill.Poison);
            _queries = new(ledger, MemoryCategory.Workspace, (long)maximumTokens * _headCount * _paddedHead, BufferFill.Zero);
            _scratch = new(ledger, MemoryCategory.Workspace, (long)pool.ThreadCount * _scratchLength, BufferFill.None);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Says what the queries of the next calls of <see cref="Run"/> are to their sequences.</summary>
    /// <param name="runs">Run by run, as many queries as the caller has room for at most.</param>
    public void Begin(ReadOnlySpan<SequenceRun> runs)
    {
        _tileCount = 0;
        int token = 0;
        foreach (SequenceRun run in runs)
        {
            for (int first = 0; first < run.Count; first += _tileQueries)
            {
                int queries = Math.Min(_tileQueries, run.Count - first);
                _tiles[_tileCount++] = new(run.Sequence, run.Position + first, token, queries);
                token += queries;
            }
        }
    }

    /// <summary>Caches keys and values of the pass's positions and attends from each of them to all of its sequence up to itself.</summary>
    /// <param name="layer">Which part of the caches.</param>
    /// <param name="projected">FP32 [tokens, q | k | v], heads side by side in each.</param>
    /// <param name="projectedStride">Floats from query to query.</param>
    /// <param name="output">Receives FP32 [tokens, heads side by side].</param>
    /// <param name="outputStride">Floats from query to query.</param>
    public void Run(int layer, float* projected, nint projectedStride, float* output, nint outputStride)
    {
        _layer = layer;
        _projected = projected;
        _projectedStride = projectedStride;
        _output = output;
        _outputStride = outputStride;
        _pool.Run(_tileCount, _split);
        _pool.Run(_headCount * _tileCount, _attend);
    }

    /// <summary>Fills a sequence's cache from a position on with NaN.</summary>
    public void PoisonCache(int sequence, int position)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)sequence, (uint)_sequences);
        int length = (_capacity - position) * _paddedHead;
        for (int head = 0; head < _layerCount * _headCount; head++)
        {
            long start = (((((long)sequence * _layerCount * _headCount) + head) * _capacity) + position) * _paddedHead;
            _keys.Slice(start, length).Fill(float.NaN);
            _values.Slice(start, length).Fill(float.NaN);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _keys?.Dispose();
        _values?.Dispose();
        _queries?.Dispose();
        _scratch?.Dispose();
    }

    private nint CacheOffset(int sequence, int head, int position) =>
        (nint)((((((long)sequence * _layerCount) + _layer) * _headCount) + head) * _capacity + position) * _paddedHead;

    private void Split(int chunk, int worker)
    {
        Tile tile = _tiles[chunk];
        float scale = 1f / MathF.Sqrt(_headSize);
        int width = _headCount * _headSize;
        for (int query = 0; query < tile.Queries; query++)
        {
            int token = tile.FirstToken + query;
            float* projected = _projected + (token * _projectedStride);
            for (int head = 0; head < _headCount; head++)
            {
                float* from = projected + (head * _headSize);
                float* to = _queries.Data + ((((nint)token * _headCount) + head) * _paddedHead);
                for (int i = 0; i < _headSize; i++)
                {
                    to[i] = from[i] * scale;
                }

                nint cache = CacheOffset(tile.Sequence, head, tile.Position + query);
                CopyPadded(from + width, _keys.Data + cache);
                CopyPadded(from + (2 * width), _values.Data + cache);
            }
        }
    }

    private void CopyPadded(float* from, float* to)
    {
        new ReadOnlySpan<float>(from, _headSize).CopyTo(new Span<float>(to, _headSize));
        new Span<float>(to + _headSize, _paddedHead - _headSize).Clear();
    }

    private void Attend(int chunk, int worker)
    {
        int head = chunk % _headCount;
        Tile tile = _tiles[chunk / _headCount];
        float* scores = _scratch.Data + ((nint)worker * _scratchLength);
        float* attended = scores + ((nint)_tileQueries * _capacity);
        int seen = tile.Position + tile.Queries;
        nint cache = CacheOffset(tile.Sequence, head, 0);
        nint queryStride = (nint)_headCount * _paddedHead;
        _kernel.Multiply(
            _keys.Data + cache, _paddedHead, seen,
            _queries.Data + (tile.FirstToken * queryStride) + ((nint)head * _paddedHead), queryStride, tile.Queries, _paddedHead,
            scores, _capacity, accumulate: false);
        for (int i = 0; i < tile.Queries; i++)
        {
            // Scores of later positions are there, too: the tile of queries is computed as one rectangle. They are not read.
            int visible = tile.Position + i + 1;
            float* own = scores + ((nint)i * _capacity);
            Activations.Softmax(new Span<float>(own, visible));
            _kernel.WeightedSum(own, _values.Data + cache, visible, _paddedHead, attended);
            float* output = _output + ((tile.FirstToken + i) * _outputStride) + ((nint)head * _headSize);
            new ReadOnlySpan<float>(attended, _headSize).CopyTo(new Span<float>(output, _headSize));
        }
    }

    /// <param name="Sequence">Whose cache.</param>
    /// <param name="Position">Position of the first query.</param>
    /// <param name="FirstToken">Index of the first query in the pass.</param>
    /// <param name="Queries">How many.</param>
    private readonly record struct Tile(int Sequence, int Position, int FirstToken, int Queries);
}
