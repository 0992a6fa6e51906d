using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>
/// Causal softmax attention with a KV cache. The cache is FP32: .NET has no FP16 conversion instruction, keys and values are read by
/// every later step, and against the weights they are few bytes (gpt2 at 64 positions: 4.7 MB beside 248 MB).
/// <code>
/// keys, values   [layer][head][position][head size padded to 16 with zeros]
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
        _paddedHead = (_headSize + Lanes - 1) / Lanes * Lanes;
        _layerCount = configuration.LayerCount;
        _capacity = capacity;
        _kernel = kernel;
        _pool = pool;
        _tileQueries = Math.Min(maximumTokens, 2 * kernel.TileTokens);
        _scratchLength = (_tileQueries * capacity) + _paddedHead;
        long cacheLength = (long)_layerCount * _headCount * capacity * _paddedHead;
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
        _pool.Run(tokens, _split);
        _pool.Run(_headCount * ((tokens + _tileQueries - 1) / _tileQueries), _attend);
    }

    /// <summary>Fills the cache from a position on with NaN.</summary>
    public void PoisonCache(int position)
    {
        int length = (_capacity - position) * _paddedHead;
        for (int head = 0; head < _layerCount * _headCount; head++)
        {
            long start = (((long)head * _capacity) + position) * _paddedHead;
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

    private nint CacheOffset(int head, int position) =>
        (nint)(((((long)_layer * _headCount) + head) * _capacity) + position) * _paddedHead;

    private void Split(int token, int worker)
    {
        float scale = 1f / MathF.Sqrt(_headSize);
        int width = _headCount * _headSize;
        float* projected = _projected + (token * _projectedStride);
        for (int head = 0; head < _headCount; head++)
        {
            float* q = projected + (head * _headSize);
            float* query = _queries.Data + ((((nint)token * _headCount) + head) * _paddedHead);
            for (int i = 0; i < _headSize; i++)
            {
                query[i] = q[i] * scale;
            }

            nint cache = CacheOffset(head, _position + token);
            CopyPadded(q + width, _keys.Data + cache);
            CopyPadded(q + (2 * width), _values.Data + cache);
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
        int first = chunk / _headCount * _tileQueries;
        int queries = Math.Min(_tileQueries, _tokens - first);
        float* scores = _scratch.Data + ((nint)worker * _scratchLength);
        float* attended = scores + ((nint)_tileQueries * _capacity);
        int seen = _position + first + queries;
        nint queryStride = (nint)_headCount * _paddedHead;
        _kernel.Multiply(
            _keys.Data + CacheOffset(head, 0), _paddedHead, seen,
            _queries.Data + (first * queryStride) + ((nint)head * _paddedHead), queryStride, queries, _paddedHead,
            scores, _capacity, accumulate: false);
        for (int i = 0; i < queries; i++)
        {
            // Scores of later positions are there, too: the tile of queries is computed as one rectangle. They are not read.
            int visible = _position + first + i + 1;
            float* own = scores + ((nint)i * _capacity);
            Activations.Softmax(new Span<float>(own, visible));
            _kernel.WeightedSum(own, _values.Data + CacheOffset(head, 0), visible, _paddedHead, attended);
            float* output = _output + ((first + i) * _outputStride) + ((nint)head * _headSize);
            new ReadOnlySpan<float>(attended, _headSize).CopyTo(new Span<float>(output, _headSize));
        }
    }
}
