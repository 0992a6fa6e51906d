using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends;

/// <summary>A model whose weights are on a device. Dispose gives all of its memory back.</summary>
public interface ILanguageModel : IDisposable
{
    /// <summary>The sizes of the model.</summary>
    ModelConfiguration Configuration { get; }

    /// <summary>The format that the weights are held in.</summary>
    QuantizationFormat Format { get; }

    /// <summary>The decode path that runs, never <c>auto</c>.</summary>
    string Decode { get; }

    /// <summary>The decode path that <c>auto</c> takes on this device; what rows of other paths are compared with.</summary>
    string DefaultDecode { get; }

    /// <summary>What the backend's own allocator holds for this model and its sessions.</summary>
    MemoryUsage Memory { get; }

    /// <summary>Weight bytes that one decode step at batch 1 must read (matrices and the output head; one row of an embedding).</summary>
    long BytesPerToken { get; }

    /// <summary>
    /// The bandwidth at which this device reads what one decode step must read, bytes per second, median of several passes: on the CPU
    /// these very weights, on a GPU a buffer of their size.
    /// </summary>
    double MeasureReadBandwidth();

    /// <summary>A sequence with its own KV cache. One session of a model is used at a time.</summary>
    /// <param name="capacity">Positions the cache holds; rounded up to a multiple of 64, at most the context length.</param>
    IDecodingSession CreateSession(int capacity);

    /// <summary>Sequences that decode together, each with its own KV cache. One session or batch of a model is used at a time.</summary>
    /// <param name="sequences">How many, at least 1.</param>
    /// <param name="capacity">Positions that each cache holds; rounded as for <see cref="CreateSession"/>.</param>
    IBatchDecodingSession CreateBatch(int sequences, int capacity);
}
