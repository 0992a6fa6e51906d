using GptQuantBench.Cuda;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>
/// What the layer norms add to the products behind them, for the persistent kernel: for row r of a matrix W after a norm with gain g and
/// shift s, the pair Σ W[r] · g and Σ W[r] · s + bias[r], FP32 [rows][2] (persistent_fold.cuh).
/// </summary>
internal sealed class PersistentFolds : IDisposable
{
    private const int RowsPerBlock = 8;
    private const int BlockSize = 32 * RowsPerBlock;

    private readonly CudaDeviceVariable<float> _pairs;
    private readonly CudaStream _stream;
    private readonly CudaKernel _kernel;
    private readonly CudaDevicePointer[] _queryKeyValue;
    private readonly CudaDevicePointer[] _up;

    /// <summary>Allocates, and queues the sums.</summary>
    /// <param name="pools">Where device memory comes from.</param>
    /// <param name="stream">Where it is filled.</param>
    /// <param name="kernel">persistent_fold of the layers' format.</param>
    /// <param name="layers">The weights.</param>
    /// <exception cref="CudaOutOfMemoryException">It does not fit.</exception>
    public PersistentFolds(CudaMemoryPools pools, CudaStream stream, CudaKernel kernel, Gpt2Layers layers)
    {
        kernel.RequireArguments<FoldArguments>();
        _stream = stream;
        _kernel = kernel;
        long rows = layers.Blocks.Sum(block => (long)block.QueryKeyValue.Matrix.View.Rows + block.FeedForwardInput.Matrix.View.Rows)
            + layers.TokenEmbedding.View.Rows;
        _pairs = new(pools.Workspace, 2 * rows);
        try
        {
            CudaDevicePointer next = _pairs.DevicePointer;
            _queryKeyValue = [.. layers.Blocks.Select(block => Queue(block.QueryKeyValue, block.AttentionNorm, ref next))];
            _up = [.. layers.Blocks.Select(block => Queue(block.FeedForwardInput, block.FeedForwardNorm, ref next))];
            Head = Queue(new(layers.TokenEmbedding, CudaDevicePointer.Null), layers.FinalNorm, ref next);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Pairs of the output head.</summary>
    public CudaDevicePointer Head { get; }

    /// <summary>Pairs of a layer's queries, keys and values.</summary>
    public CudaDevicePointer QueryKeyValue(int layer) => _queryKeyValue[layer];

    /// <summary>Pairs of a layer's first feed-forward product.</summary>
    public CudaDevicePointer Up(int layer) => _up[layer];

    /// <inheritdoc />
    public void Dispose() => _pairs.Dispose();

    private CudaDevicePointer Queue(Gpt2Layers.Linear product, Gpt2Layers.Norm norm, ref CudaDevicePointer next)
    {
        MatrixView matrix = product.Matrix.View;
        CudaDevicePointer output = next;
        _kernel.Launch(
            _stream,
            new((matrix.Rows + RowsPerBlock - 1) / RowsPerBlock, BlockSize),
            new FoldArguments(matrix, norm.Gain, norm.Shift, product.Bias, output));
        next += 2L * matrix.Rows * sizeof(float);
        return output;
    }

    private readonly record struct FoldArguments(
        MatrixView Matrix, CudaDevicePointer Gain, CudaDevicePointer Shift, CudaDevicePointer Biases, CudaDevicePointer Output);
}
