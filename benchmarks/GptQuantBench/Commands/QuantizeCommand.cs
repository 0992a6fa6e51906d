using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Evaluation;
using GptQuantBench.Inference.Quantization;
using GptQuantBench.Inference.Quantization.Calibration;

namespace GptQuantBench.Commands;

/// <summary><c>quantize</c>: quantises a model once and writes it as a checkpoint that loads fast.</summary>
internal static class QuantizeCommand
{
    private static readonly Option[] _options = [Options.Models, Options.ModelPath, Options.Quantization, Options.Calibration, Options.Out];

    /// <summary>Runs; returns the exit code.</summary>
    public static int Execute(string[] arguments)
    {
        // quantize MODEL: a folder, or a name of the catalogue.
        if (arguments is [{ Length: > 0 } model, .. var rest] && model[0] != '-')
        {
            arguments = [Directory.Exists(model) ? Options.ModelPath.Name : Options.Models.Name, model, .. rest];
        }

        var result = VerbParser.Parse(Verbs.Quantize, _options, arguments);
        if (result.GetValue(Options.Help))
        {
            return HelpPage.WriteVerb(
                $"{Verbs.Quantize} MODEL",
                "Quantises a model once and writes config.json and model.safetensors with packed matrices; --model-path takes the folder.",
                _options,
                "DIR --quantization 4-bit --calibration FILE --out NEW",
                "gpt2 --quantization int4-g64-asym+gptq+head8 --calibration FILE --out NEW",
                "DIR --quantization 4-bit --out NEW");
        }

        var folder = result.GetValue(Options.Out) ?? throw new UserErrorException("Option --out is missing; name a folder for the checkpoint.");
        var text = result.GetValue(Options.Calibration) is { } path ? EvaluationText.Read(path) : null;
        var format = Format(result, isCalibrated: text is not null);
        var locations = ModelChoice.Locate(result, ArtifactsDirectory.Resolve(null), Console.Error.WriteLine, "gpt2");
        if (locations is not [{ Origin: WeightOrigin.Real } location])
        {
            throw new UserErrorException(
                locations.Count == 1
                    ? $"{locations[0].Name} has no trained weights here; name a folder with --model-path, or put the model into the Hugging Face cache."
                    : $"{locations.Count} models were named; this verb takes one.");
        }

        folder = Path.GetFullPath(folder);
        if (folder == Path.GetDirectoryName(location.WeightsFile))
        {
            throw new UserErrorException("--out names the folder of the model itself; name another one.");
        }

        using var opened = OpenedModel.Open(location);
        var ids = text is null ? null : (opened.Tokenizer
            ?? throw new UserErrorException($"{location.Name} has no vocabulary, so it can't read a text; put vocab.json and merges.txt beside its config.json."))
            .Encode(text.Content, false);
        var start = Stopwatch.GetTimestamp();
        ModelQuantizer.Quantize(opened, format, ids is null ? null : (ids, text!.Sha256), folder, ProgressLine.Of("quantize", "matrices"));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{location.Name} as {format.Name} in {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s: {folder}"));
        return ExitCode.Success;
    }

    /// <summary>A calibration text makes the calibrated format of a 4-bit one.</summary>
    private static QuantizationFormat Format(ParseResult result, bool isCalibrated)
    {
        var format = QuantizationFormat.Parse(result.GetValue(Options.Quantization) ?? "4-bit");
        return format.Bits == 16
            ? throw new UserErrorException("quantize makes packed checkpoints; choose 8-bit, 4-bit or another format than FP16.")
            : isCalibrated && format.Bits == 4 ? format with { Search = ScaleSearch.Compensated } : format;
    }
}
