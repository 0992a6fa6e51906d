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
        (Verbs.Evaluate, "perplexity of a text, format by format"),
        (Verbs.Logits, "logits of token ids, to hold the engine against another"),
        (Verbs.Tokenize, "token ids of texts, to hold the tokenizer against another"),
        (Verbs.Info, "what this machine offers"),
    ];

    private static readonly (string What, string Command)[] _examples =
    [
        ("The main job", "--filter '*'"),
        ("See that everything works, quickly", "--filter '*' --smoke"),
        ("All sweeps: prompt lengths, depths, single tokens", "--filter '*' --sweeps full"),
        ("Only 4-bit", "--filter '*4-bit*'"),
        ("Your own model, greedy, 100 tokens", "--filter '*' --model-path DIR --temperature 0 --tokens 100"),
        ("Five processes a case, for comparing runs", "--filter '*' --launchCount 5"),
        ("Text from the command line", "generate --models gpt2 --prompt \"The future of AI is\""),
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
        Line("Exit codes: 0 good, 1 a case failed, 2 wrong use or bad input, 130 stopped by Ctrl+C.");
    }

    /// <summary>The page of a verb.</summary>
    public static int WriteVerb(string verb, string purpose, IEnumerable<Option> options, params string[] examples)
    {
        Title(purpose);
        Line($"Usage: dotnet run -c Release --project benchmarks/GptQuantBench -- {verb} [OPTIONS]");
        Table("Options", options.Append(Options.Help).Select(Describe));
        Table("Examples", examples.Select(example => ($"{verb} {example}", "")));
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
