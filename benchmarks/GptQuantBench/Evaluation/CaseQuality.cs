using GptQuantBench.Benchmarks;
using GptQuantBench.Commands;
using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Evaluation;
using GptQuantBench.Inference.Quantization;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Evaluation;

/// <summary>The quality of one case of the main job, measured in its process after everything that is timed.</summary>
internal static class CaseQuality
{
    /// <summary>The record; null where nobody asked for it, or where the weights were never trained.</summary>
    public static QualityRecord? Measure(RunSettings settings, string model, string format)
    {
        var location = settings.Model(model);
        if (settings.QualityText is null || location.Origin != WeightOrigin.Real)
        {
            return null;
        }

        var text = EvaluationText.Read(settings.QualityText);
        using var opened = OpenedModel.Open(location);
        var ids = Ids(opened, text, settings.SpecialTokens);
        var own = opened.Resolve(QuantizationFormat.Parse(format));

        // Codes that come from a file have no FP16 weights beside them.
        var reference = opened.Configuration.Quantization is null ? QuantizationFormat.Fp16 : own;
        using var expected = Load(reference);
        using var candidate = own == reference ? null : Load(own);
        var result = TextEvaluator.Evaluate(expected, candidate is null ? [] : [candidate], ids);
        return candidate is null
            ? QualityRecords.Of(result.Reference, null, result, text.Sha256)
            : QualityRecords.Of(result.Candidates[0].Perplexity, result.Candidates[0].Divergence, result, text.Sha256);

        ILanguageModel Load(QuantizationFormat wanted) =>
            BackendRegistry.Find(settings.Backend).Load(opened, wanted, settings.BackendOptions with { Decode = "auto" });
    }

    /// <summary>Checks before the first case what can be known to be wrong with the text.</summary>
    /// <param name="path">The text of <c>--text</c>, or null.</param>
    /// <param name="models">The models of the run.</param>
    /// <param name="specialTokens">Whether special tokens in the text are special.</param>
    /// <param name="notify">Receives one sentence for each model that gets no figure.</param>
    /// <returns>The text's absolute path.</returns>
    public static string Check(string? path, IEnumerable<ModelLocation> models, bool specialTokens, Action<string> notify)
    {
        var text = EvaluationText.Read(path ?? throw new UserErrorException("--quality needs a text; name a UTF-8 text file with --text."));
        foreach (var location in models)
        {
            if (location.Origin != WeightOrigin.Real)
            {
                notify($"{location.Name}: synthetic weights have no quality, so --quality leaves it out.");
                continue;
            }

            using var opened = OpenedModel.Open(location);
            TextWindow.Cut(Ids(opened, text, specialTokens).Length, opened.Configuration.ContextLength, opened.Configuration.ContextLength);
            if (opened.Configuration.Quantization?.CalibrationSha256 == text.Sha256)
            {
                throw new UserErrorException($"{location.Name} was calibrated on {text.FileName} itself, so it can't be judged by it; name another text.");
            }
        }

        return Path.GetFullPath(path);
    }

    private static int[] Ids(OpenedModel opened, EvaluationText text, bool specialTokens) =>
        (opened.Tokenizer ?? throw new UserErrorException(
            $"{opened.Location.Name} has no vocabulary, so it can't read a text; put vocab.json and merges.txt beside its config.json."))
        .Encode(text.Content, specialTokens);
}
