using System.CommandLine;
using System.Text.Json;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Tokenization;

namespace GptQuantBench.Commands;

/// <summary><c>tokenize</c>: one JSON string a line in, one JSON array of ids a line out.</summary>
internal static class TokenizeCommand
{
    private const int Gpt2VocabularySize = 50257;

    private static readonly Option[] _options = [Options.ModelPath, Options.SpecialTokens];

    /// <summary>Runs; returns the exit code.</summary>
    public static int Execute(string[] arguments)
    {
        var result = VerbParser.Parse(Verbs.Tokenize, _options, arguments);
        if (result.GetValue(Options.Help))
        {
            return HelpPage.WriteVerb(
                Verbs.Tokenize, "Reads one JSON string a line, writes one JSON array of its token ids a line.", _options, "--model-path DIR < strings.jsonl");
        }

        var tokenizer = Tokenizer(result.GetValue(Options.ModelPath));
        var specialTokens = result.GetValue(Options.SpecialTokens);
        for (var number = 1; Console.In.ReadLine() is { } line; number++)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(tokenizer.Encode(Text(line, number), specialTokens)));
        }

        return ExitCode.Success;
    }

    private static ITokenizer Tokenizer(string? modelPath)
    {
        if (modelPath is null)
        {
            return TokenizerFactory.Create(null, null, Gpt2VocabularySize)!;
        }

        using var opened = OpenedModel.Open(ModelLocator.FromDirectory(modelPath));
        return opened.Tokenizer
            ?? throw new UserErrorException($"{opened.Location.Name} has no vocabulary; put vocab.json and merges.txt into '{modelPath}'.");
    }

    private static string Text(string line, int number)
    {
        try
        {
            return JsonSerializer.Deserialize<string>(line) ?? throw new JsonException("null");
        }
        catch (JsonException exception)
        {
            throw new UserErrorException($"Line {number} of stdin is not a JSON string; expected one string in double quotes a line.", exception);
        }
    }
}
