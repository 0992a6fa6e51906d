using GptQuantBench.Cuda;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>The device memory of one session: cache, activations, state, and the page-locked arrays shared with the host.</summary>
internal sealed class SequenceBuffers : IActivations, IDisposable
{
    /// <summary>Positions of one range that attention is cut into while decoding.</summary>
    public const int RangeSize = 128;

    private readonly List<IDisposable> _owned = [];
    private readonly CudaDeviceVariable<ushort> _cache;
    private readonly long _layerHalves;

    /// <summary>Allocates; everything but the cache is zero.</summary>
    /// <param name="pools">Where device memory comes from.</param>
    /// <param name="stream">Where it is filled.</param>
    /// <param name="configuration">The model.</param>
    /// <param name="linear">Says how activations are padded.</param>
    /// <param name="capacity">Positions of the cache.</param>
    /// <param name="rows">Tokens of one pass at most.</param>
    /// <exception cref="CudaOutOfMemoryException">It does not fit.</exception>
    public SequenceBuffers(
        CudaMemoryPools pools, CudaStream stream, ModelConfiguration configuration, LinearKernels linear, int capacity, int rows)
    {
        Capacity = capacity;
        Rows = rows;
        HeadPitch = AttentionKernels.HeadPitch(configuration.HeadSize);
        Ranges = (capacity + RangeSize - 1) / RangeSize;
        NormedPitch = linear.ActivationPitch(configuration.EmbeddingSize);
        HiddenPitch = linear.ActivationPitch(configuration.InnerSize);
        _layerHalves = (long)configuration.HeadCount * capacity * HeadPitch;
        int width = configuration.EmbeddingSize;
        int heads = configuration.HeadCount;
        int logitRows = Math.Min(rows, LinearKernels.MaxTokens);
        try
        {
            _cache = new(pools.KeyValueCache, 2 * configuration.LayerCount * _layerHalves);
            _owned.Add(_cache);
            Residual = Zeroed<float>((long)rows * width);
            Queries = Zeroed<float>((long)rows * width);
            Normed = Zeroed<ushort>((long)rows * NormedPitch);
            Attended = Zeroed<ushort>((long)rows * NormedPitch);
            Hidden = Zeroed<ushort>((long)rows * HiddenPitch);
            Product = Zeroed<float>((long)rows * Math.Max(3 * width, configuration.InnerSize));
            Partial = Zeroed<float>((long)heads * Ranges * configuration.HeadSize);
            PartialWeights = Zeroed<float>(2L * heads * Ranges);
            Logits = Zeroed<float>((long)logitRows * configuration.VocabularySize);
            State = Zeroed<DecodeState>(1);
            Sampling = Zeroed<byte>(SampleKernels.ScratchBytes(configuration.VocabularySize));
            Prompt = new(pools.Context, capacity, mapped: true);
            _owned.Add(Prompt);
            Generated = new(pools.Context, capacity + 1, mapped: true);
            _owned.Add(Generated);
        }
        catch
        {
            Dispose();
            throw;
        }

        CudaDevicePointer Zeroed<T>(long length)
            where T : unmanaged
        {
            CudaDeviceVariable<T> variable = new(pools.Workspace, length);
            _owned.Add(variable);
            variable.FillAsync(0, stream);
            return variable.DevicePointer;
        }
    }

    public int Capacity { get; }

    /// <summary>Tokens of one pass at most.</summary>
    public int Rows { get; }

    /// <summary>Halves of one position of one head.</summary>
    public int HeadPitch { get; }

    /// <summary>Ranges that the capacity is cut into.</summary>
    public int Ranges { get; }

    /// <inheritdoc />
    public int NormedPitch { get; }

    /// <inheritdoc />
    public int HiddenPitch { get; }

    /// <inheritdoc />
    public CudaDevicePointer Residual { get; }

    /// <inheritdoc />
    public CudaDevicePointer Queries { get; }

    /// <inheritdoc />
    public CudaDevicePointer Normed { get; }

    /// <inheritdoc />
    public CudaDevicePointer Attended { get; }

    /// <inheritdoc />
    public CudaDevicePointer Hidden { get; }

    /// <inheritdoc />
    public CudaDevicePointer Product { get; }

    /// <summary>FP32 [heads, ranges, head size].</summary>
    public CudaDevicePointer Partial { get; }

    /// <summary>FP32 pairs [heads, ranges].</summary>
    public CudaDevicePointer PartialWeights { get; }

    /// <summary>FP32 [at most 16, vocabulary].</summary>
    public CudaDevicePointer Logits { get; }

    /// <summary>One <see cref="DecodeState"/>.</summary>
    public CudaDevicePointer State { get; }

    /// <summary>The sampler's scratch.</summary>
    public CudaDevicePointer Sampling { get; }

    /// <summary>Ids that a pass reads, int32 [capacity].</summary>
    public CudaPageLockedHostMemory<int> Prompt { get; }

    /// <summary>Ids that the device has chosen, int32 [capacity + 1].</summary>
    public CudaPageLockedHostMemory<int> Generated { get; }

    /// <summary>FP16 [heads, capacity, <see cref="HeadPitch"/>].</summary>
    public CudaDevicePointer Keys(int layer) => _cache.PointerAt(2 * layer * _layerHalves);

    /// <summary>FP16 [heads, capacity, <see cref="HeadPitch"/>].</summary>
    public CudaDevicePointer Values(int layer) => _cache.PointerAt(((2 * layer) + 1) * _layerHalves);

    /// <summary>Fills the whole cache with NaN.</summary>
    public void PoisonCache(CudaStream stream) => _cache.FillAsync(0xFF, stream);

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (IDisposable owned in _owned)
        {
            owned.Dispose();
        }
    }
}
