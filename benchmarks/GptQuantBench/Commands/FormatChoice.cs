using System.CommandLine;
using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Commands;

/// <summary>From <c>--quantizations</c> to formats that the model and the backend can run.</summary>
internal static class FormatChoice
{
    private const string Default = "FP16,8-bit,4-bit";

    /// <summary>
    /// The formats of an evaluation, FP16 first because the others are compared with it; of a model whose weights are stored packed,
    /// the stored format.
    /// </summary>
    public static IReadOnlyList<QuantizationFormat> ForEvaluation(ParseResult result, OpenedModel model)
    {
        var stored = model.Configuration.Quantization?.Format;
        var names = result.Names(Options.Quantizations, stored?.Name ?? Default);
        IEnumerable<QuantizationFormat> asked = names is [var only] && only.Equals("all", StringComparison.OrdinalIgnoreCase)
            ? QuantizationFormat.Loadable
            : names.Select(QuantizationFormat.Parse);
        return stored is not null
            ? [.. asked.Select(model.Resolve).Distinct()]
            : [QuantizationFormat.Fp16, .. asked.Where(format => format != QuantizationFormat.Fp16).Select(model.Resolve).Distinct()];
    }

    /// <summary>Checks before the first case that a backend runs every format of every model.</summary>
    /// <exception cref="Inference.Models.ModelFormatException">It does not.</exception>
    public static void Require(IBackend backend, IEnumerable<ModelLocation> models, IReadOnlyList<string> formats)
    {
        foreach (var location in models)
        {
            using var model = OpenedModel.Open(location);
            foreach (var format in formats)
            {
                Require(backend, model, QuantizationFormat.Parse(format));
            }
        }
    }

    /// <summary>Checks before anything is loaded that a backend runs a format of a model.</summary>
    /// <exception cref="Inference.Models.ModelFormatException">It does not.</exception>
    public static void Require(IBackend backend, OpenedModel model, QuantizationFormat format)
    {
        if (backend.Refusal(model.Resolve(format)) is { } refusal)
        {
            throw new UserErrorException(refusal);
        }
    }
}
