using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using GptQuantBench.Inference.Evaluation;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Commands;

/// <summary><c>evaluate</c>: perplexity of a text, format by format, in windows of the context length.</summary>
internal static class EvaluateCommand
{
    private static readonly Option[] _options =
    [
        .. VerbModel.ModelOptions, Options.Text, Options.Quantizations, .. Options.Machine, Options.SpecialTokens, Options.Json,
    ];

    /// <summary>Runs; returns the exit code.</summary>
    public static int Execute(string[] arguments)
    {
        var result = VerbParser.Parse(Verbs.Evaluate, _options, arguments);
        if (result.GetValue(Options.Help))
        {
            return HelpPage.WriteVerb(
                Verbs.Evaluate,
                "Measures the perplexity of a text: windows of the context length, stride the same, each window's first token unscored.",
                _options,
                "--model-path DIR --text FILE",
                "--model-path DIR --text FILE --quantizations FP16,int4-g64-asym --json");
        }

        var path = result.GetValue(Options.Text) ?? throw new UserErrorException("Option --text is missing; name a UTF-8 text file.");
        QuantizationFormat[] formats = [.. result.Names(Options.Quantizations, "FP16,8-bit,4-bit").Select(QuantizationFormat.Parse)];
        var bytes = ReadText(path);
        using var files = VerbModel.Open(result);
        var tokenizer = files.Opened.Tokenizer
            ?? throw new UserErrorException($"{files.Opened.Location.Name} has no vocabulary, so it can't read a text; put vocab.json and merges.txt beside its config.json.");
        var ids = tokenizer.Encode(Decode(bytes, path), result.GetValue(Options.SpecialTokens));
        (QuantizationFormat Format, PerplexityResult Result)[] results = [.. formats.Select(format => (format, Evaluate(files, format, ids)))];
        var evaluation = new EvaluationOutput(path, Convert.ToHexStringLower(SHA256.HashData(bytes)), ids.Length, results);
        if (result.GetValue(Options.Json))
        {
            evaluation.WriteJson();
        }
        else
        {
            evaluation.WriteTable();
        }

        return ExitCode.Success;
    }

    private static PerplexityResult Evaluate(VerbModel files, QuantizationFormat format, int[] ids)
    {
        using var model = files.Load(format);
        var tenth = 0;
        return PerplexityEvaluator.Evaluate(model, ids, (scored, total) =>
        {
            var now = (int)(10L * scored / total);
            if (now > tenth)
            {
                tenth = now;
                Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{format.Label}: {scored} of {total} tokens"));
            }
        });
    }

    private static byte[] ReadText(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"The text '{path}' can't be read ({FailureText.Of(exception)}); name a UTF-8 text file.", exception);
        }
    }

    private static string Decode(byte[] bytes, string path)
    {
        try
        {
            return new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(bytes);
        }
        catch (DecoderFallbackException exception)
        {
            throw new UserErrorException($"The text '{path}' is not UTF-8; convert it first.", exception);
        }
    }
}
