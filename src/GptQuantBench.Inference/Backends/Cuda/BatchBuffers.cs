using GptQuantBench.Cuda;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>
/// The device memory of sequences that decode together: their caches, activations of a pass, and, for each place in a decode step, row,
/// state and sampler's scratch; with the page-locked arrays shared with the host.
/// </summary>
internal sealed class BatchBuffers : IActivations, IDisposable
{
    private readonly List<IDisposable> _owned = [];
    private readonly CudaDeviceVariable<ushort> _cache;
    private readonly CudaDeviceVariable<DecodeState> _states;
    private readonly CudaDeviceVariable<BatchRow> _rows;
    private readonly CudaDeviceVariable<int> _lastRows;
    private readonly CudaDeviceVariable<byte> _sampling;
    private readonly long _layerHalves;

    /// <summary>Allocates; everything but the caches and the rows is zero.</summary>
    /// <param name="pools">Where device memory comes from.</param>
    /// <param name="stream">Where it is filled.</param>
    /// <param name="configuration">The model.</param>
    /// <param name="linear">Says how activations are padded.</param>
    /// <param name="sequences">How many.</param>
    /// <param name="capacity">Positions of each cache.</param>
    /// <param name="passRows">Rows of one pass at most, no fewer than there are sequences.</param>
    /// <exception cref="CudaOutOfMemoryException">It does not fit.</exception>
    public BatchBuffers(
        CudaMemoryPools pools, CudaStream stream, ModelConfiguration configuration, LinearKernels linear, int sequences, int capacity, int passRows)
    {
        Capacity = capacity;
        HeadPitch = AttentionKernels.HeadPitch(configuration.HeadSize);
        NormedPitch = linear.ActivationPitch(configuration.EmbeddingSize);
        HiddenPitch = linear.ActivationPitch(configuration.InnerSize);
        ScratchPitch = (SampleKernels.ScratchBytes(configuration.VocabularySize) + 15) / 16 * 16;
        _layerHalves = (long)configuration.HeadCount * capacity * HeadPitch;
        SequencePitch = 2 * configuration.LayerCount * _layerHalves;
        int width = configuration.EmbeddingSize;
        try
        {
            _cache = Own(new CudaDeviceVariable<ushort>(pools.KeyValueCache, sequences * SequencePitch));
            Residual = Zeroed<float>((long)passRows * width).DevicePointer;
            Queries = Zeroed<float>((long)passRows * width).DevicePointer;
            Normed = Zeroed<ushort>((long)passRows * NormedPitch).DevicePointer;
            Attended = Zeroed<ushort>((long)passRows * NormedPitch).DevicePointer;
            Hidden = Zeroed<ushort>((long)passRows * HiddenPitch).DevicePointer;
            Product = Zeroed<float>((long)passRows * Math.Max(3 * width, configuration.InnerSize)).DevicePointer;
            LastResidual = Zeroed<float>((long)sequences * width).DevicePointer;
            Logits = Zeroed<float>((long)sequences * configuration.VocabularySize).DevicePointer;
            _states = Zeroed<DecodeState>(sequences);
            _sampling = Zeroed<byte>(sequences * ScratchPitch);
            long rows = sequences + ((long)sequences * capacity);
            _rows = Zeroed<BatchRow>(rows);
            _lastRows = Zeroed<int>(sequences);
            HostRows = Own(new CudaPageLockedHostMemory<BatchRow>(pools.Context, rows));
            HostLastRows = Own(new CudaPageLockedHostMemory<int>(pools.Context, sequences));
            Generated = Own(new CudaPageLockedHostMemory<int>(pools.Context, (long)sequences * GeneratedPitch, mapped: true));
        }
        catch
        {
            Dispose();
            throw;
        }

        CudaDeviceVariable<T> Zeroed<T>(long length)
            where T : unmanaged
        {
            CudaDeviceVariable<T> variable = Own(new CudaDeviceVariable<T>(pools.Workspace, length));
            variable.FillAsync(0, stream);
            return variable;
        }

        T Own<T>(T owned)
            where T : IDisposable
        {
            _owned.Add(owned);
            return owned;
        }
    }

    public int Capacity { get; }

    /// <summary>Halves of one position of one head.</summary>
    public int HeadPitch { get; }

    /// <summary>Halves from a sequence's cache to the next one's.</summary>
    public long SequencePitch { get; }

    /// <summary>Bytes from a row's scratch for the sampler to the next one's.</summary>
    public long ScratchPitch { get; }

    /// <summary>Ids of a row of <see cref="Generated"/>.</summary>
    public int GeneratedPitch => Capacity + 1;

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

    /// <summary>The residual stream after the last id of each prompt, FP32 [sequences, embedding].</summary>
    public CudaDevicePointer LastResidual { get; }

    /// <summary>FP32 [sequences, vocabulary].</summary>
    public CudaDevicePointer Logits { get; }

    /// <summary><see cref="DecodeState"/> [sequences]; their positions are not used.</summary>
    public CudaDevicePointer States => _states.DevicePointer;

    /// <summary>Scratch of the sampler [sequences].</summary>
    public CudaDevicePointer Sampling => _sampling.DevicePointer;

    /// <summary>Rows that the host fills: one a place in a decode step, then those of prompts.</summary>
    public CudaPageLockedHostMemory<BatchRow> HostRows { get; }

    /// <summary>The row in its pass of the last id of each prompt.</summary>
    public CudaPageLockedHostMemory<int> HostLastRows { get; }

    /// <summary>Ids that the device has chosen, int32 [sequences, <see cref="GeneratedPitch"/>].</summary>
    public CudaPageLockedHostMemory<int> Generated { get; }

    /// <summary>FP16 [heads, capacity, <see cref="HeadPitch"/>] of sequence 0.</summary>
    public CudaDevicePointer Keys(int layer) => _cache.PointerAt(2 * layer * _layerHalves);

    /// <summary>FP16 [heads, capacity, <see cref="HeadPitch"/>] of sequence 0.</summary>
    public CudaDevicePointer Values(int layer) => _cache.PointerAt(((2 * layer) + 1) * _layerHalves);

    /// <summary>Rows on the device from an index on.</summary>
    public CudaDevicePointer Rows(long first) => _rows.PointerAt(first);

    /// <summary>Indices of <see cref="HostLastRows"/> on the device from one on.</summary>
    public CudaDevicePointer LastRows(int first) => _lastRows.PointerAt(first);

    /// <summary>Sends what the host has filled, and starts all states anew.</summary>
    public void Start(CudaStream stream, long rows, int places)
    {
        _rows.CopyToDeviceAsync(HostRows, rows, stream);
        _lastRows.CopyToDeviceAsync(HostLastRows, places, stream);
        _states.FillAsync(0, stream);
    }

    /// <summary>Fills a sequence's cache with NaN.</summary>
    public void PoisonCache(int sequence, CudaStream stream) => CudaMemory.Fill8Async(
        _cache.PointerAt(sequence * SequencePitch), 0xFF, SequencePitch * sizeof(ushort), stream);

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (IDisposable owned in _owned)
        {
            owned.Dispose();
        }
    }
}
