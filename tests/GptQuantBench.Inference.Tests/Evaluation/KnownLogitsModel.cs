using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;
using GptQuantBench.Inference.Sampling;

namespace GptQuantBench.Inference.Tests.Evaluation;

/// <summary>A model whose logits are a known function of the sequence so far, to test what is made of logits.</summary>
internal sealed class KnownLogitsModel(int context, int vocabulary, Func<int[], int, float> logit) : ILanguageModel
{
    public List<int[]> Sequences { get; } = [];

    public ModelConfiguration Configuration { get; } = new()
    {
        Architecture = "known",
        LayerCount = 1,
        HeadCount = 1,
        EmbeddingSize = 1,
        InnerSize = 1,
        ContextLength = context,
        VocabularySize = vocabulary,
        LayerNormEpsilon = 1e-5f,
    };

    public QuantizationFormat Format => QuantizationFormat.Fp16;

    public string Decode => "known";

    public string DefaultDecode => "known";

    public MemoryUsage Memory => default;

    public long BytesPerToken => 0;

    public double MeasureReadBandwidth() => throw new NotSupportedException();

    public IDecodingSession CreateSession(int capacity) => new Session(this, capacity, logit);

    public IBatchDecodingSession CreateBatch(int sequences, int capacity) => throw new NotSupportedException();

    public void Dispose()
    {
    }

    private sealed class Session(KnownLogitsModel model, int capacity, Func<int[], int, float> logit) : IDecodingSession
    {
        private readonly List<int> _sequence = [];

        public int Capacity => capacity;

        public int Position => _sequence.Count;

        public DecodeStepCost? StepCost => null;

        public void Reset() => _sequence.Clear();

        public void Rewind(int position) => _sequence.RemoveRange(position, _sequence.Count - position);

        public void Generate(
            ReadOnlySpan<int> promptIds, Span<int> generated, SamplingOptions sampling, Action<int, int>? onToken = null) =>
            throw new NotSupportedException();

        public void Extend(ReadOnlySpan<int> ids, Span<int> generated, SamplingOptions sampling) => throw new NotSupportedException();

        public void GenerateTimed(ReadOnlySpan<int> promptIds, Span<int> generated, SamplingOptions sampling, Span<double> milliseconds) =>
            throw new NotSupportedException();

        public void ComputeLogits(ReadOnlySpan<int> ids, LogitsConsumer consumer)
        {
            // In chunks of 3, as a backend may.
            for (int start = 0; start < ids.Length; start += 3)
            {
                int first = _sequence.Count;
                List<float> logits = [];
                foreach (int id in ids.Slice(start, Math.Min(3, ids.Length - start)))
                {
                    _sequence.Add(id);
                    int[] sequence = [.. _sequence];
                    logits.AddRange(Enumerable.Range(0, model.Configuration.VocabularySize).Select(next => logit(sequence, next)));
                }

                consumer(first, _sequence.Count - first, logits.ToArray());
            }

            model.Sequences.Add([.. _sequence]);
        }

        public void Dispose()
        {
        }
    }
}
