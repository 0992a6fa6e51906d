using GptQuantBench.Cuda;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>The persistent path of one session: its exchange memory, and launches that choose many ids each.</summary>
internal sealed class PersistentDecoder : IDisposable
{
    private const int MostBlocks = 256;
    private const int Buckets = 1024;
    private const int ListWords = 2 + (2 * 32);
    private const uint FirstEpoch = 1; // after words were made zero

    // A word of the kernels' value_word has sixteen bits of its epoch, so what was there before must not be older than those tell apart.
    private const uint OldestEpoch = 1 << 15;

    private readonly CudaMemoryPools _pools;
    private readonly PersistentKernel _kernel;
    private readonly PromptKernel? _promptKernel;
    private readonly CudaStream _stream;
    private readonly CudaDeviceVariable<PersistentLayer> _layers;
    private readonly CudaDeviceVariable<ulong> _words;
    private readonly CudaDeviceVariable<ulong>? _promptWords;
    private readonly CudaDeviceVariable<ulong> _fault;
    private readonly CudaDeviceVariable<byte> _scratch;
    private readonly int _capacity;
    private CudaPageLockedHostMemory<ulong>? _times;
    private PersistentArguments _arguments;
    private PromptArguments _promptArguments;
    private int _sampledSteps;
    private uint _epoch = FirstEpoch; // of the next launch's first layer
    private uint _wordsEpoch = FirstEpoch; // behind the last launch's that wrote them
    private uint _promptEpoch = FirstEpoch;
    private bool _keepsHead;

    /// <summary>Allocates, zeroes, and writes down where the layers lie.</summary>
    /// <exception cref="CudaOutOfMemoryException">It does not fit.</exception>
    public PersistentDecoder(CudaLanguageModel model, PersistentKernel kernel, PersistentFolds folds, SequenceBuffers buffers)
    {
        ModelConfiguration configuration = model.Configuration;
        Gpt2Layers layers = model.Layers;
        _pools = model.Pools;
        _kernel = kernel;
        _promptKernel = model.Prompt;
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
            _words = new(_pools.Workspace, WordCount(configuration, buffers.Capacity, kernel.Shape.Blocks));
            _promptWords = _promptKernel is null ? null : new(_pools.Workspace, PromptWordCount(configuration, _promptKernel.Shape.Blocks));
            _fault = new(_pools.Workspace, 1);
            _scratch = new(_pools.Workspace, ScratchBytes(configuration.VocabularySize, kernel.Shape.Blocks));
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
            Patience = kernel.Patience,
            KeptBytes = kernel.Shape.KeptBytes,
            RingBytes = kernel.Shape.RingBytes,
            SumPitch = kernel.Shape.SumPitch,
            LayerClocks = kernel.Pace.LayerClocks,
            DepthClocks = kernel.Pace.DepthClocks,
            HeadClocks = kernel.Pace.HeadClocks,
            Epsilon = configuration.LayerNormEpsilon,
            QueryScale = 1f / MathF.Sqrt(configuration.HeadSize),
        };
    }

    /// <summary>Tokens of a prompt that <see cref="QueuePrompt"/> takes at most.</summary>
    public int MaxPromptTokens => _promptKernel is null ? 0 : PromptKernel.MaxTokens;

    /// <summary>Launches of steps so far.</summary>
    public int Launches { get; private set; }

    /// <summary>For tests: what the first block leaves out, and for how many loads the others wait.</summary>
    public void PlantStall(PersistentWait wait, uint patience)
    {
        _arguments.Stall = (uint)wait;
        _arguments.Patience = patience;
    }

    /// <summary>Queues a prompt from position 0 on, up to the first id, which the state then has.</summary>
    /// <param name="ids">From 1 to <see cref="MaxPromptTokens"/> of them.</param>
    /// <param name="sampled">Whether the first id is chosen by the options in the sampler's scratch; else the best.</param>
    public void QueuePrompt(ReadOnlySpan<int> ids, bool sampled)
    {
        if (ids.Length != _promptArguments.Tokens)
        {
            // Words of tokens that the launches before did not have may be of any age; and zeros alone would pass for one epoch of 65536.
            ClearWords();
        }

        ids.CopyTo(_promptArguments.Prompt);
        _promptArguments.Tokens = ids.Length;
        PersistentShape shape = _promptKernel!.Shape;
        uint epoch = TakeEpochs((uint)_arguments.LayerCount, ref _promptEpoch);
        _promptArguments.Common = _arguments with
        {
            Words = _promptWords!.DevicePointer,
            KeptBytes = shape.KeptBytes,
            RingBytes = shape.RingBytes,
            SumPitch = shape.SumPitch,
            LayerClocks = _promptKernel.Pace.LayerClocks,
            DepthClocks = _promptKernel.Pace.DepthClocks,
            HeadClocks = _promptKernel.Pace.HeadClocks,
            Steps = 1,
            Sampled = sampled ? 1 : 0,
            SampledSteps = _sampledSteps,
            Times = CudaDevicePointer.Null,
            Epoch = epoch,
        };
        _sampledSteps += sampled ? 1 : 0;
        _promptKernel.Launch(_stream, _promptArguments);
        _keepsHead = true;
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
        _arguments.SampledSteps = _sampledSteps;
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
        ReadOnlySpan<ulong> times = _times is null ? [] : _times.Span;
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
        if (_keepsHead)
        {
            // Rows of the head stay in the L2 cache (KeptBytes); what is measured next finds the whole of it.
            _pools.Context.TryResetPersistingL2Cache();
        }

        _layers?.Dispose();
        _words?.Dispose();
        _promptWords?.Dispose();
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
    private static long ScratchBytes(int vocabularySize, int blocks) =>
        sizeof(ulong) * (Buckets + (MostBlocks * ListWords) + ((long)Buckets * blocks) + vocabularySize + (vocabularySize & 1));

    // locate_prompt(…) of prompt_arguments.cuh.
    private static long PromptWordCount(ModelConfiguration configuration, int blocks)
    {
        const int BlockWords = PackedLayout.BlockColumns / 2 * PromptIds.Count;
        long narrow = Ceiling(configuration.EmbeddingSize), wide = Ceiling(configuration.InnerSize);
        long heads = PromptIds.Count * 3L * (configuration.EmbeddingSize / 2);
        return (2 * (heads + (3 * narrow) + wide)) + (2L * blocks);

        static long Ceiling(int columns) => (columns + PackedLayout.BlockColumns - 1) / PackedLayout.BlockColumns * (long)BlockWords;
    }

    private void Launch()
    {
        // The best logit's words and the sampler's carry the epoch behind the last layer's, which is the next layer's in line; they are
        // words of their own, whose epochs grow from step to step all the same.
        _arguments.Epoch = TakeEpochs(checked((uint)(_arguments.Steps * _arguments.LayerCount)), ref _wordsEpoch);
        _kernel.Launch(_stream, _arguments);
        Launches++;
        _keepsHead = true;
    }

    /// <summary>Epochs for a launch, one a layer of a step; returns the first.</summary>
    private uint TakeEpochs(uint count, ref uint last)
    {
        if (uint.MaxValue - _epoch < count || _epoch - last > OldestEpoch)
        {
            ClearWords();
        }

        uint first = _epoch;
        _epoch += count;
        last = _epoch;
        return first;
    }

    private void Clear()
    {
        ClearWords();
        _fault.FillAsync(0, _stream);
    }

    private void ClearWords()
    {
        _words.FillAsync(0, _stream);
        _promptWords?.FillAsync(0, _stream);
        _scratch.FillAsync(0, _stream);
        _epoch = _wordsEpoch = _promptEpoch = FirstEpoch;
        _sampledSteps = 0;
    }
}
