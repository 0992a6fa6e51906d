using System.CommandLine;
using GptQuantBench.Benchmarks;
using GptQuantBench.Inference.Quantization;
using GptQuantBench.Inference.Tokenization;

namespace GptQuantBench.Commands;

/// <summary><c>generate</c>: streams the prompt and its continuation to stdout.</summary>
internal static class GenerateCommand
{
    private const int DefaultTokens = 50;

    private static readonly Option[] _options = [.. VerbModel.ModelOptions, Options.Quantization, .. Options.Machine, .. Options.Work];

    /// <summary>Runs; returns the exit code.</summary>
    public static int Execute(string[] arguments)
    {
        var result = VerbParser.Parse(Verbs.Generate, _options, arguments);
        if (result.GetValue(Options.Help))
        {
            return HelpPage.WriteVerb(
                Verbs.Generate,
                "Writes the prompt and its continuation, token by token.",
                _options.Distinct(),
                "--model-path DIR --prompt \"The future of AI is\" --temperature 0",
                "--models gpt2-medium --quantization 4-bit --tokens 200 --seed 7");
        }

        var format = QuantizationFormat.Parse(result.GetValue(Options.Quantization) ?? "FP16");
        var tokens = result.Int(Options.Tokens, DefaultTokens, 1, 1_000_000);
        var sampling = Sampling.From(result);
        using var files = VerbModel.Open(result);
        var tokenizer = files.Opened.Tokenizer;
        var prompt = result.GetValue(Options.Prompt) ?? (tokenizer is null
            ? throw new UserErrorException($"{files.Opened.Location.Name} has no vocabulary; give the prompt as ids, such as --prompt \"1 2 3\".")
            : "The future of AI is");
        var ids = tokenizer is null ? IdList.Parse(prompt) : tokenizer.Encode(prompt, result.GetValue(Options.SpecialTokens));
        PromptCheck.Check(ids, tokens, files.Opened.Location.Name, files.Opened.Configuration);

        using var model = files.Load(format);
        using var session = model.CreateSession(ids.Length + tokens - 1);
        var output = Console.Out;
        output.Write(prompt);
        var decoder = tokenizer is null ? null : new StreamingDecoder(tokenizer);
        session.Generate(ids, new int[tokens], sampling, (_, id) =>
        {
            output.Write(decoder is null ? $" {id}" : decoder.Append(id));
            output.Flush();
        });
        output.WriteLine(decoder?.Flush());
        return ExitCode.Success;
    }
}
