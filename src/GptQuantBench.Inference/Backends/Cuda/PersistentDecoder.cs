using GptQuantBench.Cuda;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>The persistent path of one session: its exchange memory, and launches that choose many ids each.</summary>
internal sealed class PersistentDecoder : IDisposable
{
    private const int MostBlocks = 256;
    private const int Buckets = 2048;
    private const int BucketCopies = 4;
    private const uint FirstEpoch = 1; // after words were made zero

    private readonly CudaMemoryPools _pools;
    private readonly PersistentKernel _kernel;
    private readonly CudaStream _stream;
    private readonly CudaDeviceVariable<PersistentLayer> _layers;
    private readonly CudaDeviceVariable<ulong> _words;
    private readonly CudaDeviceVariable<ulong> _fault;
    private readonly CudaDeviceVariable<byte> _scratch;
    private readonly int _capacity;
    private CudaPageLockedHostMemory<ulong>? _times;
    private PersistentArguments _arguments;
    private int _sampledSteps;

    /// <summary>Allocates, zeroes, and writes down where the layers lie.</summary>
    /// <exception cref="CudaOutOfMemoryException">It does not fit.</exception>
    public PersistentDecoder(CudaLanguageModel model, PersistentKernel kernel, PersistentFolds folds, SequenceBuffers buffers)
    {
        ModelConfiguration configuration = model.Configuration;
        Gpt2Layers layers = model.Layers;
        _pools = model.Pools;
        _kernel = kernel;
        _stream = model.Stream;
        _capacity = buffers.Capacity;
        try
        {
            PersistentLayer[] table = [.. layers.Blocks.Select((block, index) => Describe(block, folds, buffers, index)), new()
            {
                QueryKeyValue = layers.TokenEmbedding.View,
                QueryKeyValueFold = folds.Head,
                AttentionGain = layers.FinalNorm.Gain,
            }];
            _layers = new(_pools.Workspace, table.Length);
            _layers.CopyToDevice(table);
            _words = new(_pools.Workspace, WordCount(configuration, buffers.Capacity, kernel.Blocks));
            _fault = new(_pools.Workspace, 1);
            _scratch = new(_pools.Workspace, ScratchBytes(configuration.VocabularySize));
            Clear();
        }
        catch
        {
            Dispose();
            throw;
        }

        _arguments = new()
        {
            Table = layers.TokenEmbedding.View,
            Positions = layers.PositionEmbedding.View,
            Layers = _layers.DevicePointer,
            Logits = buffers.Logits,
            State = buffers.State,
            Ids = buffers.Generated.DevicePointer,
            Words = _words.DevicePointer,
            Fault = _fault.DevicePointer,
            Sampling = buffers.Sampling,
            Scratch = _scratch.DevicePointer,
            LayerCount = configuration.LayerCount,
            Heads = configuration.HeadCount,
            HeadSize = configuration.HeadSize,
            Capacity = buffers.Capacity,
            Inner = configuration.InnerSize,
            Epoch = FirstEpoch,
            Patience = kernel.Patience,
            KeptBytes = kernel.KeptBytes,
            RingBytes = kernel.RingBytes,
            SumPitch = kernel.SumPitch,
            Epsilon = configuration.LayerNormEpsilon,
            QueryScale = 1f / MathF.Sqrt(configuration.HeadSize),
        };
    }

    /// <summary>Launches so far.</summary>
    public int Launches { get; private set; }

    /// <summary>For tests: what the first block leaves out, and for how many loads the others wait.</summary>
    public void PlantStall(PersistentWait wait, uint patience)
    {
        _arguments.Stall = (uint)wait;
        _arguments.Patience = patience;
    }

    /// <summary>Queues steps that go on from the state.</summary>
    /// <param name="steps">Ids to choose, at least 1.</param>
    /// <param name="sampled">Whether by the options in the sampler's scratch; else the best.</param>
    /// <param name="isTimed">Whether <see cref="ReadTimes"/> will be asked.</param>
    public void Queue(int steps, bool sampled, bool isTimed)
    {
        _arguments.Id = -1;
        _arguments.Steps = steps;
        _arguments.Sampled = sampled ? 1 : 0;
        _arguments.Slot = _sampledSteps & 1;
        _arguments.Times = isTimed ? (_times ??= new(_pools.Context, _capacity + 2, mapped: true)).DevicePointer : CudaDevicePointer.Null;
        _sampledSteps += sampled ? steps : 0;
        Launch();
    }

    /// <summary>Queues one step that reads an id of the host at a position; the logits stay.</summary>
    public void QueueLogits(int id, int position)
    {
        _arguments.Id = id;
        _arguments.Position = position;
        _arguments.Steps = 1;
        _arguments.Sampled = 0;
        _arguments.Times = CudaDevicePointer.Null;
        Launch();
    }

    /// <summary>Milliseconds of each id of the last timed launch, which has ended.</summary>
    public void ReadTimes(Span<double> milliseconds)
    {
        ReadOnlySpan<ulong> times = _times!.Span;
        for (int i = 0; i < milliseconds.Length; i++)
        {
            milliseconds[i] = (times[i + 1] - times[i]) / 1e6;
        }
    }

    /// <summary>Throws where a launch that has ended was given up; the sequence's ids after that are missing.</summary>
    /// <exception cref="InvalidOperationException">A block waited in vain.</exception>
    public void ThrowIfGivenUp()
    {
        Span<ulong> word = [0];
        _fault.CopyToHost(word);
        if (word[0] != 0)
        {
            Clear();
            throw new InvalidOperationException(PersistentFault.Of(word[0]).Message);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        if (Launches > 0)
        {
            // Rows of the head stay in the L2 cache (KeptBytes); what is measured next finds the whole of it.
            _pools.Context.TryResetPersistingL2Cache();
        }

        _layers?.Dispose();
        _words?.Dispose();
        _fault?.Dispose();
        _scratch?.Dispose();
        _times?.Dispose();
    }

    private static PersistentLayer Describe(Gpt2Layers.Block block, PersistentFolds folds, SequenceBuffers buffers, int layer) => new()
    {
        QueryKeyValue = block.QueryKeyValue.Matrix.View,
        Projection = block.AttentionOutput.Matrix.View,
        Up = block.FeedForwardInput.Matrix.View,
        Down = block.FeedForwardOutput.Matrix.View,
        QueryKeyValueFold = folds.QueryKeyValue(layer),
        UpFold = folds.Up(layer),
        ProjectionBias = block.AttentionOutput.Bias,
        DownBias = block.FeedForwardOutput.Bias,
        AttentionGain = block.AttentionNorm.Gain,
        ForwardGain = block.FeedForwardNorm.Gain,
        Keys = buffers.Keys(layer),
        Values = buffers.Values(layer),
    };

    // locate(…) of persistent_arguments.cuh.
    private static long WordCount(ModelConfiguration configuration, int capacity, int blocks)
    {
        long width = configuration.EmbeddingSize;
        long ranges = ((long)capacity * (configuration.HeadSize / 8) + 1023) / 1024;
        long heads = 3 * (width / 2), projected = width / 2, forward = width / 2, hidden = configuration.InnerSize / 2;
        long attended = width / 2, parts = ranges * (width / 2), spread = ranges * configuration.HeadCount;
        long slot = heads + projected + forward + hidden + attended + parts + spread;
        return (2 * (slot + (slot & 1))) + (4L * blocks);
    }

    // PersistentScratch of persistent_sample.cuh.
    private static long ScratchBytes(int vocabularySize) =>
        sizeof(ulong) * ((2L * BucketCopies * Buckets) + 2 + (2 * MostBlocks) + (4 * MostBlocks)) + (2L * vocabularySize * sizeof(int));

    private void Launch()
    {
        // One a layer of a step, without a gap: a word of the kernel's value_word has half of its epoch, so what was there before must be near.
        // The best logit's words and the sampler's carry the epoch behind the last layer's, which is the next layer's in line; they are
        // words of their own, whose epochs grow from step to step all the same.
        uint epochs = checked((uint)(_arguments.Steps * _arguments.LayerCount));
        if (uint.MaxValue - _arguments.Epoch < epochs)
        {
            ClearWords();
        }

        _kernel.Launch(_stream, _arguments);
        Launches++;
        _arguments.Epoch += epochs;
    }

    private void Clear()
    {
        ClearWords();
        _fault.FillAsync(0, _stream);
        _sampledSteps = 0;
    }

    private void ClearWords()
    {
        _words.FillAsync(0, _stream);
        _scratch.FillAsync(0, _stream);
        _arguments.Epoch = FirstEpoch;
    }
}
