using System.CommandLine;
using GptQuantBench.Reporting.Terminal;
using Spectre.Console;

namespace GptQuantBench.Commands;

/// <summary>The help pages, made from the options themselves.</summary>
internal static class HelpPage
{
    private static readonly IAnsiConsole _console = ReportConsole.ForStandardOutput();

    private static readonly (string Verb, string What)[] _verbs =
    [
        ("(none)", "run benchmarks; --filter '*' is the main job"),
        (Verbs.Generate, "write text"),
        (Verbs.Evaluate, "perplexity of a text and divergence from FP16, format by format"),
        (Verbs.Quantize, "quantise once, calibrated on a text, into a checkpoint that loads fast"),
        (Verbs.Logits, "logits of token ids, to hold the engine against another"),
        (Verbs.Tokenize, "token ids of texts, to hold the tokenizer against another"),
        (Verbs.Compare, "two runs, with a statistical verdict on every metric"),
        (Verbs.Merge, "the reports of a run that was split, as one"),
        (Verbs.Export, "a report for trackers of other tools"),
        (Verbs.Fetch, "download models from the Hugging Face hub: fetch MODEL, fetch owner/name@revision"),
        (Verbs.Report, "charts, Markdown and the HTML page again, from a saved report"),
        (Verbs.Watch, "time a CUDA kernel again whenever its PTX changes"),
        (Verbs.Info, "what this machine offers"),
    ];

    private static readonly (string What, string Command)[] _examples =
    [
        ("The main job", "--filter '*'"),
        ("See that everything works, quickly", "--filter '*' --smoke"),
        ("All sweeps and kernels, every point", "--filter '*' --sweeps full"),
        ("Only 4-bit", "--filter '*4-bit*'"),
        ("Your own model, greedy, 100 tokens", "--filter '*' --model-path DIR --temperature 0 --tokens 100"),
        ("Five processes a case, for comparing runs", "--filter '*' --launchCount 5"),
        ("Keep a run as baseline; later: compare main", "--filter '*' --launchCount 5 --baseline main"),
        ("Text from the command line", "generate --models gpt2 --prompt \"The future of AI is\""),
        ("Charts and a page from a saved report", "report artifacts/llm_benchmark_results.json"),
        ("What 4-bit costs on a text", "evaluate --model-path DIR --text FILE --quantizations FP16,4-bit"),
    ];

    /// <summary>The page of the default verb, which lists the others too.</summary>
    public static void Write(IEnumerable<Option> own, IEnumerable<Option> benchmarkDotNet)
    {
        Title("GptQuantBench measures what 8-bit and 4-bit weights buy, and what they cost.");
        Line("Usage: dotnet run -c Release --project benchmarks/GptQuantBench -- [VERB] [OPTIONS]");
        Table("Verbs (VERB --help explains each)", _verbs);
        Table("Options of a run", own.Append(Options.Help).Select(Describe));
        Table("Examples", _examples.Select(example => (example.Command, example.What)));
        Table("BenchmarkDotNet's options, handed on", benchmarkDotNet.Select(Describe));
        Line("Exit codes: 0 good, 1 a case failed or compare found a regression, 2 wrong use or bad input, 130 stopped by Ctrl+C.");
    }

    /// <summary>The page of a verb.</summary>
    /// <param name="verb">The verb, followed by its operands where it takes any, e.g. <c>compare BASE NEW</c>.</param>
    /// <param name="purpose">What it does, one sentence.</param>
    /// <param name="options">Its options.</param>
    /// <param name="examples">Arguments after the verb.</param>
    public static int WriteVerb(string verb, string purpose, IEnumerable<Option> options, params string[] examples)
    {
        Title(purpose);
        Line($"Usage: dotnet run -c Release --project benchmarks/GptQuantBench -- {verb} [OPTIONS]");
        Table("Options", options.Append(Options.Help).Select(Describe));
        Table("Examples", examples.Select(example => ($"{verb.Split(' ')[0]} {example}", "")));
        return ExitCode.Success;
    }

    private static (string Name, string Description) Describe(Option option)
    {
        var names = string.Join(", ", option.Aliases.Append(option.Name).OrderBy(name => name.Length));
        return (option.HelpName is null ? names : $"{names} {option.HelpName}", option.Description ?? "");
    }

    private static void Title(string text)
    {
        _console.Write(new Text(text, new Style(decoration: Decoration.Bold)));
        _console.WriteLine();
    }

    private static void Line(string text)
    {
        _console.Write(new Text(text));
        _console.WriteLine();
    }

    private static void Table(string title, IEnumerable<(string Name, string Description)> rows)
    {
        _console.WriteLine();
        Title(title);
        var grid = new Grid().AddColumn(new GridColumn { Padding = new Padding(2, 0, 2, 0) }).AddColumn();
        foreach (var (name, description) in rows)
        {
            grid.AddRow(new Text(name), new Text(description));
        }

        _console.Write(grid);
    }
}
