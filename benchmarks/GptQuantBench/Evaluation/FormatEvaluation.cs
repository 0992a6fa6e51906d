using System.Diagnostics;
using GptQuantBench.Commands;
using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Evaluation;
using GptQuantBench.Inference.Quantization;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Evaluation;

/// <summary>Runs one text through a model in several formats at the same time.</summary>
internal sealed class FormatEvaluation
{
    private readonly VerbModel _files;
    private readonly EvaluationText _text;
    private readonly string? _join;
    private readonly int[] _ids;

    /// <param name="files">The model, and the backend.</param>
    /// <param name="text">The text.</param>
    /// <param name="join">How its lines were joined, or null.</param>
    /// <param name="specialTokens">Whether special tokens in the text are special.</param>
    public FormatEvaluation(VerbModel files, EvaluationText text, string? join, bool specialTokens)
    {
        _files = files;
        _text = text;
        _join = join;
        var tokenizer = files.Opened.Tokenizer ?? throw new UserErrorException(
            $"{files.Opened.Location.Name} has no vocabulary, so it can't read a text; put vocab.json and merges.txt beside its config.json.");
        _ids = tokenizer.Encode(text.Content, specialTokens);
    }

    /// <summary>Tokens from window to window; null for windows that do not overlap.</summary>
    public int? Stride { get; init; }

    /// <summary>Evaluates; the first format is what all others are compared with.</summary>
    /// <param name="formats">Formats of the model, at least one.</param>
    /// <param name="quantized">Checkpoints of <c>quantize</c> that become further rows.</param>
    /// <param name="progress">Called with scored tokens and their final number.</param>
    public EvaluationReport Measure(IReadOnlyList<QuantizationFormat> formats, IReadOnlyList<OpenedModel> quantized, Action<int, int> progress)
    {
        var hash = WeightsHash.Compute(_files.Opened.Location);
        CheckCalibration(_files.Opened);
        foreach (var other in quantized)
        {
            CheckCalibration(other);
            if (other.Configuration.Quantization!.SourceSha256 != hash)
            {
                throw new UserErrorException(
                    $"{other.Location.Name} was not quantised from {_files.Opened.Location.Name} (its source_sha256 differs), "
                    + "so it can't be compared with it; quantise this model.");
            }
        }

        var loaded = new List<(ILanguageModel Model, string Label, double Seconds)>();
        try
        {
            foreach (var format in formats)
            {
                loaded.Add(Load(_files.Opened, format, format.Label));
            }

            foreach (var other in quantized)
            {
                var format = other.Configuration.Quantization!.Format;
                loaded.Add(Load(other, format, format.Label));
            }

            var result = TextEvaluator.Evaluate(loaded[0].Model, [.. loaded.Skip(1).Select(entry => entry.Model)], _ids, Stride, progress);
            return new EvaluationReport
            {
                ModelName = _files.Opened.Location.Name,
                WeightsSha256 = hash,
                Backend = _files.Backend.Name,
                Text = _text.FileName,
                TextSha256 = _text.Sha256,
                Join = _join,
                Tokens = result.Tokens,
                ScoredTokens = result.ScoredTokens,
                Window = result.Window,
                Stride = result.Stride,
                Results =
                [
                    Row(loaded[0], QualityRecords.Of(result.Reference, null, result, _text.Sha256)),
                    .. loaded.Skip(1).Zip(result.Candidates, (entry, candidate) =>
                        Row(entry, QualityRecords.Of(candidate.Perplexity, candidate.Divergence, result, _text.Sha256))),
                ],
            };
        }
        finally
        {
            loaded.ForEach(entry => entry.Model.Dispose());
        }
    }

    private void CheckCalibration(OpenedModel model)
    {
        if (model.Configuration.Quantization?.CalibrationSha256 == _text.Sha256)
        {
            throw new UserErrorException(
                $"{model.Location.Name} was calibrated on {_text.FileName} itself, so it can't be judged by it; name another text.");
        }
    }

    private (ILanguageModel Model, string Label, double Seconds) Load(OpenedModel model, QuantizationFormat format, string label)
    {
        var start = Stopwatch.GetTimestamp();
        var loaded = _files.Load(model, format);
        return (loaded, label, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    private EvaluationRow Row((ILanguageModel Model, string Label, double Seconds) loaded, QualityRecord quality)
    {
        var (model, label, seconds) = loaded;
        var architecture = _files.Opened.Architecture;
        return new EvaluationRow
        {
            Quantization = label,
            Format = model.Format.Name,
            BitsPerWeight = model.Format.BitsPerWeight(architecture.Weights(model.Configuration)),
            MemoryGb = ModelFootprint.Of(architecture, model.Configuration, model.Format).WeightBytes / 1e9,
            LoadTimeSec = seconds,
            Quality = quality,
        };
    }
}
