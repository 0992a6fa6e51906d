using System.CommandLine;
using GptQuantBench.Evaluation;
using GptQuantBench.Inference.Evaluation;
using GptQuantBench.Reporting.Json;
using GptQuantBench.Reporting.Markdown;
using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Tables;
using GptQuantBench.Reporting.Terminal;

namespace GptQuantBench.Commands;

/// <summary><c>evaluate</c>: what formats cost on a text: perplexity, and divergence from FP16.</summary>
internal static class EvaluateCommand
{
    private const string FileName = "evaluation";

    private static readonly Option[] _options =
    [
        .. VerbModel.ModelOptions, Options.Text, Options.Quantizations, Options.Quantized, Options.Join, Options.Stride, Options.Out,
        .. Options.Machine, Options.SpecialTokens, Options.Json,
    ];

    /// <summary>Runs; returns the exit code.</summary>
    public static int Execute(string[] arguments)
    {
        var result = VerbParser.Parse(Verbs.Evaluate, _options, arguments);
        if (result.GetValue(Options.Help))
        {
            return HelpPage.WriteVerb(
                Verbs.Evaluate,
                "Measures what formats cost on a text: perplexity, divergence from FP16, how often the best token stays the same.",
                _options,
                "--model-path DIR --text FILE",
                "--model-path DIR --text FILE --quantizations 8-bit,4-bit,int4-g64-asym+mse+head8 --out results",
                "--model-path DIR --text FILE --quantized DIR/of/quantize",
                "--models gpt2 --text wiki.test.raw --join wikitext --quantizations FP16");
        }

        var path = result.GetValue(Options.Text) ?? throw new UserErrorException("Option --text is missing; name a UTF-8 text file.");
        var join = result.GetValue(Options.Join) is null ? null : result.Choice(Options.Join, "wikitext");
        var text = EvaluationText.Read(path, joinsWikitext: join is not null);
        using var files = VerbModel.Open(result);
        var formats = FormatChoice.ForEvaluation(result, files.Opened);
        var quantized = (result.GetValue(Options.Quantized) is null ? [] : result.Names(Options.Quantized, ""))
            .Select(VerbModel.OpenDirectory).ToList();
        try
        {
            var evaluation = new FormatEvaluation(files, text, join, result.GetValue(Options.SpecialTokens))
            {
                Stride = result.GetValue(Options.Stride) is null
                    ? null
                    : result.Int(Options.Stride, 0, 1, files.Opened.Configuration.ContextLength),
            };
            var report = evaluation.Measure(formats, quantized, ProgressLine.Of("evaluate", "tokens"));
            Write(report, result.GetValue(Options.Out), result.GetValue(Options.Json));
            return ExitCode.Success;
        }
        finally
        {
            quantized.ForEach(model => model.Dispose());
        }
    }

    private static void Write(EvaluationReport report, string? folder, bool asJson)
    {
        var tables = EvaluationTables.Of(report);
        var json = ReportJson.Serialize(report);
        if (folder is not null)
        {
            OutputFile.Write(Path.Combine(folder, FileName + ".json"), json);
            OutputFile.Write(Path.Combine(folder, FileName + ".md"), string.Join('\n', tables.Select(MarkdownTable.Of)));
        }

        if (asJson)
        {
            using var stream = Console.OpenStandardOutput();
            stream.Write(json);
        }
        else
        {
            var console = ReportConsole.ForStandardOutput();
            foreach (var table in tables)
            {
                ConsoleTable.Write(console, table);
            }
        }
    }
}
