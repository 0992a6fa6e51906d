using GptQuantBench.Inference.Backends.Cpu.Kernels;
using GptQuantBench.Inference.Backends.Cpu.Tiles;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>
/// GPT-2 (Radford et al., 2019; transformers' GPT2LMHeadModel): learned positions, blocks of pre-norm attention and pre-norm
/// feed-forward with residuals, a last norm, logits by the tied token embedding.
/// Letters: T ids of a call, D width of the residual stream, I width of the feed-forward layer, H heads. Activations are FP32, rows
/// padded with zeros to whole blocks of 32.
/// </summary>
internal sealed unsafe class Gpt2ForwardPass : ICpuForwardPass
{
    // Bounds the activations (about 45 KB an id for gpt2-medium); a panel of weights unpacked once serves this many ids.
    private const int MostTokens = 512;

    private readonly ModelConfiguration _configuration;
    private readonly WorkerPool _pool;
    private readonly TiledMatrix _tokenEmbedding;
    private readonly PackedMatrix _positionEmbedding;
    private readonly Gpt2Block[] _blocks;
    private readonly LayerNormWeights _finalNorm;
    private readonly MatrixMultiplier _multiplier;
    private readonly CpuAttention _attention;
    private readonly int _width;
    private readonly int _wideWidth;
    private readonly NativeBuffer<float> _residual;   // [T, D]
    private readonly NativeBuffer<float> _normalized; // [T, D]: input of the next matrix
    private readonly NativeBuffer<float> _wide;       // [T, 3D or I]: q, k, v of all heads; the feed-forward layer
    private readonly Action<int, int> _normalize;
    private LayerNormWeights _norm;
    private int _firstNormalized; // row of the residual stream

    public Gpt2ForwardPass(
        ModelConfiguration configuration, CpuWeights weights, CpuKernel kernel, Products products, WorkerPool pool,
        MemoryLedger ledger, int sequences, int capacity)
    {
        _configuration = configuration;
        _pool = pool;
        _tokenEmbedding = weights.Matrix("wte.weight");
        _positionEmbedding = weights.Table("wpe.weight");
        _blocks = [.. Enumerable.Range(0, configuration.LayerCount).Select(layer => new Gpt2Block(weights, layer))];
        _finalNorm = new(weights, "ln_f");
        MaximumTokens = Math.Max(sequences, Math.Min(capacity, MostTokens));
        _width = Padded(configuration.EmbeddingSize);
        _wideWidth = Padded(Math.Max(3 * configuration.EmbeddingSize, configuration.InnerSize));
        _normalize = Normalize;
        try
        {
            _multiplier = new(
                kernel, products, pool, ledger, Math.Max(configuration.EmbeddingSize, configuration.InnerSize), MaximumTokens);
            _attention = new(configuration, kernel, pool, ledger, sequences, capacity, MaximumTokens);
            _residual = Activation(_width);
            _normalized = Activation(_width);
            _wide = Activation(_wideWidth);
        }
        catch
        {
            Dispose();
            throw;
        }

        NativeBuffer<float> Activation(int width) => new(ledger, MemoryCategory.Workspace, (long)MaximumTokens * width, BufferFill.Zero);
    }

    /// <inheritdoc />
    public int MaximumTokens { get; }

    /// <inheritdoc />
    public void Append(ReadOnlySpan<int> ids, ReadOnlySpan<SequenceRun> runs, ReadOnlySpan<int> wanted)
    {
        int tokens = ids.Length;
        _attention.Begin(runs);
        Embed(ids, runs);
        for (int layer = 0; layer < _blocks.Length; layer++)
        {
            Gpt2Block block = _blocks[layer];
            NormalizeAll(block.AttentionNorm, tokens);
            Multiply(block.QueryKeyValue, _normalized.Data, _width, tokens, _wide.Data, _wideWidth, Epilogue.Overwrite);
            _attention.Run(layer, _wide.Data, _wideWidth, _normalized.Data, _width);
            if (layer == _blocks.Length - 1)
            {
                Keep(wanted, _normalized.Data);
                Keep(wanted, _residual.Data);
                tokens = wanted.Length;
                if (tokens == 0)
                {
                    return;
                }
            }

            Multiply(block.AttentionOutput, _normalized.Data, _width, tokens, _residual.Data, _width, Epilogue.Add);

            NormalizeAll(block.FeedForwardNorm, tokens);
            ClearPadding(tokens);
            Multiply(block.FeedForwardInput, _normalized.Data, _width, tokens, _wide.Data, _wideWidth, Epilogue.Gelu);
            Multiply(block.FeedForwardOutput, _wide.Data, _wideWidth, tokens, _residual.Data, _width, Epilogue.Add);
        }
    }

    /// <inheritdoc />
    public void ComputeLogits(int first, int count, float* logits)
    {
        _firstNormalized = first;
        NormalizeAll(_finalNorm, count);
        _firstNormalized = 0;
        _multiplier.Multiply(
            _tokenEmbedding, bias: null, _normalized.Data, _width, count, logits, _configuration.VocabularySize, Epilogue.Overwrite);
    }

    /// <inheritdoc />
    public void PoisonCache(int sequence, int position) => _attention.PoisonCache(sequence, position);

    /// <inheritdoc />
    public void Dispose()
    {
        // Not all of them exist where memory ran out on the way.
        _multiplier?.Dispose();
        _attention?.Dispose();
        _residual?.Dispose();
        _normalized?.Dispose();
        _wide?.Dispose();
    }

    private static int Padded(int columns) =>
        (columns + PackedLayout.BlockColumns - 1) / PackedLayout.BlockColumns * PackedLayout.BlockColumns;

    private void Embed(ReadOnlySpan<int> ids, ReadOnlySpan<SequenceRun> runs)
    {
        int size = _configuration.EmbeddingSize;
        int token = 0;
        foreach (SequenceRun run in runs)
        {
            for (int i = 0; i < run.Count; i++, token++)
            {
                float* at = _residual.Data + ((nint)token * _width);
                float* row = _normalized.Data + ((nint)token * _width);
                _tokenEmbedding.GetRow(ids[token], at);
                _positionEmbedding.GetRow(run.Position + i, new Span<float>(row, size));
                Activations.Add(at, row, size);
            }
        }
    }

    /// <summary>Moves the rows of some tokens to the front.</summary>
    private void Keep(ReadOnlySpan<int> wanted, float* rows)
    {
        for (int i = 0; i < wanted.Length; i++)
        {
            if (wanted[i] != i)
            {
                new ReadOnlySpan<float>(rows + ((nint)wanted[i] * _width), _width).CopyTo(new Span<float>(rows + ((nint)i * _width), _width));
            }
        }
    }

    private void Multiply(in LinearWeights linear, float* x, nint xStride, int tokens, float* y, nint yStride, Epilogue epilogue) =>
        _multiplier.Multiply(linear.Matrix, linear.Bias, x, xStride, tokens, y, yStride, epilogue);

    /// <summary>The wide buffer changes its width between its two uses; what the first left behind must not look like input.</summary>
    private void ClearPadding(int tokens)
    {
        int used = _configuration.InnerSize;
        int padding = Padded(used) - used;
        for (int token = 0; padding > 0 && token < tokens; token++)
        {
            new Span<float>(_wide.Data + ((nint)token * _wideWidth) + used, padding).Clear();
        }
    }

    private void NormalizeAll(LayerNormWeights norm, int tokens)
    {
        _norm = norm;
        _pool.Run(tokens, _normalize);
    }

    private void Normalize(int chunk, int worker)
    {
        int size = _configuration.EmbeddingSize;
        nint token = _firstNormalized + chunk;
        Activations.LayerNorm(
            _residual.Data + (token * _width), _norm.Gain, _norm.Bias, _configuration.LayerNormEpsilon,
            _normalized.Data + ((nint)chunk * _width), size);
    }
}
