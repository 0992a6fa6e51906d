using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using GptQuantBench.Inference.Backends.Cpu.Kernels;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>
/// Causal softmax attention of one or several sequences, each with a KV cache in FP16, as on the GPU: far into the context a step reads as
/// many bytes of it as of 4-bit weights.
/// <code>
/// keys     [sequence][layer][head][positions / 64][head size][64]     so that a vector is some positions, and no score crosses lanes
/// values   [sequence][layer][head][position][head size padded to 16]
/// </code>
/// </summary>
internal sealed unsafe class CpuAttention : IDisposable
{
    private const int MostLanes = 16;

    // Positions of a block of keys: eight vectors of AVX2, which are read side by side, so that a block is one stream of memory.
    private const int KeyBlock = 64;

    // Of a head's keys, and of its values, what is asked for ahead: about 128 positions of GPT-2's heads. Behind that, a CPU's own
    // prefetchers have found the streams.
    private const int FetchedBytes = 16 << 10;
    private const int LineBytes = 64;

    private readonly int _headCount;
    private readonly int _headSize;
    private readonly int _paddedHead;
    private readonly int _lanes;
    private readonly int _capacity;
    private readonly int _layerCount;
    private readonly int _tileQueries;
    private readonly int _scratchLength;
    private readonly CpuKernel _kernel;
    private readonly WorkerPool _pool;
    private readonly NativeBuffer<Half> _keys;
    private readonly NativeBuffer<Half> _values;
    private readonly NativeBuffer<float> _scratch; // per thread: scores, the same turned, queries turned, outputs of a tile of queries
    private readonly Action<int, int> _cache;
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
        _paddedHead = (_headSize + MostLanes - 1) / MostLanes * MostLanes;
        _lanes = kernel.Lanes;
        _layerCount = configuration.LayerCount;
        _capacity = (capacity + KeyBlock - 1) / KeyBlock * KeyBlock;
        _kernel = kernel;
        _pool = pool;
        _tileQueries = Math.Min(maximumTokens, kernel.PanelTokens);
        int width = kernel.PanelWidth(_tileQueries);
        _scratchLength = ((2 * _capacity) + (2 * _paddedHead)) * width;
        long heads = (long)sequences * _layerCount * _headCount;
        _cache = Cache;
        _attend = Attend;
        try
        {
            _keys = new(ledger, MemoryCategory.KeyValueCache, heads * _capacity * _headSize, BufferFill.Poison);
            _values = new(ledger, MemoryCategory.KeyValueCache, heads * _capacity * _paddedHead, BufferFill.Poison);
            _scratch = new(ledger, MemoryCategory.Workspace, (long)pool.ThreadCount * _scratchLength, BufferFill.Zero);
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
        if (_tileCount == 1)
        {
            _pool.Run(_headCount, _attend);
        }
        else
        {
            _pool.Run(_headCount, _cache);
            _pool.Run(_headCount * _tileCount, _attend);
        }
    }

    /// <summary>Fills a sequence's cache from a position on with NaN.</summary>
    public void PoisonCache(int sequence, int position)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)sequence, (uint)_sequences);
        for (_layer = 0; _layer < _layerCount; _layer++)
        {
            for (int head = 0; head < _headCount; head++)
            {
                for (int at = position; at < _capacity; at++)
                {
                    for (int i = 0; i < _headSize; i++)
                    {
                        Key(sequence, head, at)[i * KeyBlock] = Half.NaN;
                    }

                    new Span<Half>(Value(sequence, head, at), _paddedHead).Fill(Half.NaN);
                }
            }
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _keys?.Dispose();
        _values?.Dispose();
        _scratch?.Dispose();
    }

    private long Cached(int sequence, int head) => ((((long)sequence * _layerCount) + _layer) * _headCount) + head;

    /// <summary>A key's first element; the next is a block's positions further.</summary>
    private Half* Key(int sequence, int head, int position)
    {
        nint start = (nint)(Cached(sequence, head) * _capacity) * _headSize;
        return _keys.Data + start + ((nint)(position / KeyBlock) * _headSize * KeyBlock) + (position % KeyBlock);
    }

    private Half* Value(int sequence, int head, int position) =>
        _values.Data + ((nint)((Cached(sequence, head) * _capacity) + position) * _paddedHead);

    private void Cache(int head, int worker)
    {
        for (int tile = 0; tile < _tileCount; tile++)
        {
            Cache(_tiles[tile], head);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Cache(in Tile tile, int head)
    {
        int width = _headCount * _headSize;
        Half* halves = stackalloc Half[_headSize];
        for (int query = 0; query < tile.Queries; query++)
        {
            float* key = _projected + ((tile.FirstToken + query) * _projectedStride) + width + (head * _headSize);
            HalfVectors.Narrow(key, _headSize, halves);
            Half* to = Key(tile.Sequence, head, tile.Position + query);
            for (int i = 0; i < _headSize; i++)
            {
                to[i * KeyBlock] = halves[i];
            }

            Half* value = Value(tile.Sequence, head, tile.Position + query);
            HalfVectors.Narrow(key + width, _headSize, value);
            new Span<Half>(value + _headSize, _paddedHead - _headSize).Clear();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Attend(int chunk, int worker)
    {
        int head = chunk % _headCount;
        Tile tile = _tiles[chunk / _headCount];
        if (_tileCount == 1)
        {
            // One tile has all queries: what caches a head is the same thread that looks at it. A step has read all weights since it last
            // saw these lines, and stores into lines that are not there wait for one after the other.
            Fetch(tile, head);
            Cache(tile, head);
        }

        int queries = tile.Queries;
        int width = _kernel.PanelWidth(queries);
        int seen = tile.Position + queries;
        float* scores = _scratch.Data + ((nint)worker * _scratchLength);
        float* weights = scores + ((nint)_capacity * width);
        float* turned = weights + ((nint)_capacity * width);
        float* attended = turned + ((nint)_paddedHead * width);

        float scale = 1f / MathF.Sqrt(_headSize);
        for (int query = 0; query < queries; query++)
        {
            float* q = _projected + ((tile.FirstToken + query) * _projectedStride) + (head * _headSize);
            for (int i = 0; i < _headSize; i++)
            {
                turned[(i * width) + query] = q[i] * scale;
            }
        }

        for (int position = 0; position < seen; position += KeyBlock)
        {
            _kernel.MultiplyHalfPanel(
                Key(tile.Sequence, head, position), KeyBlock, _lanes, _headSize, turned, queries, scores + position, _capacity,
                Math.Min(KeyBlock, seen - position), adds: false);
        }

        for (int query = 0; query < queries; query++)
        {
            // Scores of later positions are there, too: the tile of queries is computed as one rectangle. Their weight is 0.
            int visible = tile.Position + query + 1;
            float* own = scores + ((nint)query * _capacity);
            Activations.Softmax(own, visible);
            if (width > 1)
            {
                Turn(own, visible, seen, weights + query, width);
            }
        }

        _kernel.MultiplyHalfPanel(
            Value(tile.Sequence, head, 0), _paddedHead, _lanes, seen, width > 1 ? weights : scores, queries, attended, _paddedHead, _headSize,
            adds: false);
        for (int query = 0; query < queries; query++)
        {
            float* output = _output + ((tile.FirstToken + query) * _outputStride) + ((nint)head * _headSize);
            new ReadOnlySpan<float>(attended + ((nint)query * _paddedHead), _headSize).CopyTo(new Span<float>(output, _headSize));
        }
    }

    /// <summary>Asks for what a tile reads and writes of a head, what it writes first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Fetch(in Tile tile, int head)
    {
        if (Sse.IsSupported)
        {
            int seen = tile.Position + tile.Queries;
            byte* keys = (byte*)Key(tile.Sequence, head, 0), values = (byte*)Value(tile.Sequence, head, 0);
            int valueBytes = seen * _paddedHead * sizeof(ushort);
            int whole = seen / KeyBlock * KeyBlock * _headSize * sizeof(ushort), rest = seen % KeyBlock * sizeof(ushort);
            for (int i = 0; i < _headSize && rest > 0; i++)
            {
                Fetch(keys + whole + (i * KeyBlock * sizeof(ushort)), rest);
            }

            Fetch(values + valueBytes - (_paddedHead * sizeof(ushort)), _paddedHead * sizeof(ushort));
            Fetch(keys, Math.Min(FetchedBytes, whole));
            Fetch(values, Math.Min(FetchedBytes, valueBytes));
        }

        static void Fetch(byte* from, int bytes)
        {
            for (byte* end = from + bytes; from < end; from += LineBytes)
            {
                Sse.Prefetch0(from);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Turn(float* from, int visible, int seen, float* to, int width)
    {
        int i = 0;
        for (; i < visible; i++)
        {
            to[i * width] = from[i];
        }

        for (; i < seen; i++)
        {
            to[i * width] = 0f;
        }
    }

    /// <param name="Sequence">Whose cache.</param>
    /// <param name="Position">Position of the first query.</param>
    /// <param name="FirstToken">Index of the first query in the pass.</param>
    /// <param name="Queries">How many.</param>
    private readonly record struct Tile(int Sequence, int Position, int FirstToken, int Queries);
}
