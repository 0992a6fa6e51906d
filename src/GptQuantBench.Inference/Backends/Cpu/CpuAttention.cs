using GptQuantBench.Inference.Backends.Cpu.Kernels;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>
/// Causal softmax attention with a KV cache. The cache is FP32: .NET has no FP16 conversion instruction, keys and values are read by
/// every later step, and against the weights they are few bytes (gpt2 at 64 positions: 4.7 MB beside 248 MB).
/// <code>
/// keys     [layer][head][positions / L][head size][L]     so that a vector is L positions, and no score crosses lanes
/// values   [layer][head][position][head size padded to 16]
/// </code>
/// </summary>
internal sealed unsafe class CpuAttention : IDisposable
{
    private const int MostLanes = 16;

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
    private readonly NativeBuffer<float> _keys;
    private readonly NativeBuffer<float> _values;
    private readonly NativeBuffer<float> _scratch; // per thread: scores, the same turned, queries turned, outputs of a tile of queries
    private readonly Action<int, int> _cache;
    private readonly Action<int, int> _attend;
    private int _layer;
    private int _position;
    private int _tokens;
    private float* _projected;
    private nint _projectedStride;
    private float* _output;
    private nint _outputStride;

    public CpuAttention(
        ModelConfiguration configuration, CpuKernel kernel, WorkerPool pool, MemoryLedger ledger, int capacity, int maximumTokens)
    {
        _headCount = configuration.HeadCount;
        _headSize = configuration.HeadSize;
        _paddedHead = (_headSize + MostLanes - 1) / MostLanes * MostLanes;
        _lanes = kernel.Lanes;
        _layerCount = configuration.LayerCount;
        _capacity = (capacity + _lanes - 1) / _lanes * _lanes;
        _kernel = kernel;
        _pool = pool;
        _tileQueries = Math.Min(maximumTokens, kernel.PanelTokens);
        int width = kernel.PanelWidth(_tileQueries);
        _scratchLength = ((2 * _capacity) + (2 * _paddedHead)) * width;
        long heads = (long)_layerCount * _headCount;
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

    /// <summary>Caches keys and values of consecutive positions and attends from each of them to all positions up to itself.</summary>
    /// <param name="layer">Which part of the cache.</param>
    /// <param name="position">Position of the first query.</param>
    /// <param name="tokens">Queries.</param>
    /// <param name="projected">FP32 [tokens, q | k | v], heads side by side in each.</param>
    /// <param name="projectedStride">Floats from query to query.</param>
    /// <param name="output">Receives FP32 [tokens, heads side by side].</param>
    /// <param name="outputStride">Floats from query to query.</param>
    public void Run(int layer, int position, int tokens, float* projected, nint projectedStride, float* output, nint outputStride)
    {
        _layer = layer;
        _position = position;
        _tokens = tokens;
        _projected = projected;
        _projectedStride = projectedStride;
        _output = output;
        _outputStride = outputStride;
        _pool.Run(_headCount, _cache);
        _pool.Run(_headCount * ((tokens + _tileQueries - 1) / _tileQueries), _attend);
    }

    /// <summary>Fills the cache from a position on with NaN.</summary>
    public void PoisonCache(int position)
    {
        for (_layer = 0; _layer < _layerCount; _layer++)
        {
            for (int head = 0; head < _headCount; head++)
            {
                for (int at = position; at < _capacity; at++)
                {
                    for (int i = 0; i < _headSize; i++)
                    {
                        Key(head, at)[i * _lanes] = float.NaN;
                    }

                    new Span<float>(Value(head, at), _paddedHead).Fill(float.NaN);
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

    /// <summary>A key's first element; the next is a vector further.</summary>
    private float* Key(int head, int position)
    {
        nint start = (nint)((((long)_layer * _headCount) + head) * _capacity) * _headSize;
        return _keys.Data + start + ((nint)(position / _lanes) * _headSize * _lanes) + (position % _lanes);
    }

    private float* Value(int head, int position) =>
        _values.Data + ((nint)(((((long)_layer * _headCount) + head) * _capacity) + position) * _paddedHead);

    private void Cache(int head, int worker)
    {
        int width = _headCount * _headSize;
        for (int token = 0; token < _tokens; token++)
        {
            float* key = _projected + (token * _projectedStride) + width + (head * _headSize);
            float* to = Key(head, _position + token);
            for (int i = 0; i < _headSize; i++)
            {
                to[i * _lanes] = key[i];
            }

            float* value = Value(head, _position + token);
            new ReadOnlySpan<float>(key + width, _headSize).CopyTo(new Span<float>(value, _headSize));
            new Span<float>(value + _headSize, _paddedHead - _headSize).Clear();
        }
    }

    private void Attend(int chunk, int worker)
    {
        int head = chunk % _headCount;
        int first = chunk / _headCount * _tileQueries;
        int queries = Math.Min(_tileQueries, _tokens - first);
        int width = _kernel.PanelWidth(queries);
        int seen = _position + first + queries;
        float* scores = _scratch.Data + ((nint)worker * _scratchLength);
        float* weights = scores + ((nint)_capacity * width);
        float* turned = weights + ((nint)_capacity * width);
        float* attended = turned + ((nint)_paddedHead * width);

        float scale = 1f / MathF.Sqrt(_headSize);
        for (int query = 0; query < queries; query++)
        {
            float* q = _projected + ((first + query) * _projectedStride) + (head * _headSize);
            for (int i = 0; i < _headSize; i++)
            {
                turned[(i * width) + query] = q[i] * scale;
            }
        }

        _kernel.MultiplyPanel(
            Key(head, 0), _lanes, (nint)_headSize * _lanes, _headSize, turned, queries, scores, _capacity, seen, adds: false);
        for (int query = 0; query < queries; query++)
        {
            // Scores of later positions are there, too: the tile of queries is computed as one rectangle. Their weight is 0.
            int visible = _position + first + query + 1;
            float* own = scores + ((nint)query * _capacity);
            Activations.Softmax(new Span<float>(own, visible));
            if (width > 1)
            {
                Turn(own, visible, seen, weights + query, width);
            }
        }

        _kernel.MultiplyPanel(
            Value(head, 0), _paddedHead, _lanes, seen, width > 1 ? weights : scores, queries, attended, _paddedHead, _headSize, adds: false);
        for (int query = 0; query < queries; query++)
        {
            float* output = _output + ((first + query) * _outputStride) + ((nint)head * _headSize);
            new ReadOnlySpan<float>(attended + ((nint)query * _paddedHead), _headSize).CopyTo(new Span<float>(output, _headSize));
        }
    }

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
}
