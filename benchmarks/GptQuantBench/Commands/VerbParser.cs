using System.CommandLine;
using System.CommandLine.Parsing;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Commands;

/// <summary>Parses the arguments of a verb; anything that is not understood is one sentence with a near match.</summary>
internal static class VerbParser
{
    private static readonly ParserConfiguration _configuration = new()
    {
        EnablePosixBundling = false,
        // A prompt may begin with '@'.
        ResponseFileTokenReplacer = null,
    };

    /// <summary>Parses.</summary>
    /// <param name="verb">The verb.</param>
    /// <param name="options">Its options; <c>--help</c> comes with every verb.</param>
    /// <param name="arguments">What the user typed after the verb.</param>
    /// <param name="operands">Values without an option's name, such as files, for a verb that takes any.</param>
    /// <exception cref="UserErrorException">An argument is unknown, or an option lacks its value.</exception>
    public static ParseResult Parse(string verb, IEnumerable<Option> options, IReadOnlyList<string> arguments, Argument<string[]>? operands = null)
    {
        var command = new Command(verb);
        if (operands is not null)
        {
            command.Arguments.Add(operands);
        }

        foreach (var option in options.Append(Options.Help).Distinct())
        {
            command.Options.Add(option);
        }

        var result = command.Parse(arguments, _configuration);
        if (result.UnmatchedTokens is [var unknown, ..])
        {
            throw Unknown(verb, unknown, command.Options);
        }

        // What takes several values swallows what follows it, a mistyped option too.
        var swallowed = result.CommandResult.Children
            .Where(given => given is ArgumentResult or OptionResult { Option.AllowMultipleArgumentsPerToken: true })
            .SelectMany(given => given.Tokens)
            .FirstOrDefault(token => token.Value.StartsWith("--", StringComparison.Ordinal));
        if (swallowed is not null)
        {
            throw Unknown(verb, swallowed.Value, command.Options);
        }

        foreach (var given in result.CommandResult.Children.OfType<OptionResult>().Where(given => !given.Implicit))
        {
            if (given.Tokens.Count < given.Option.Arity.MinimumNumberOfValues)
            {
                throw new UserErrorException($"Option {given.Option.Name} needs a value ({given.Option.HelpName ?? given.Option.Description}).");
            }

            if (given.Tokens.Count > given.Option.Arity.MaximumNumberOfValues)
            {
                throw new UserErrorException($"Option {given.Option.Name} was given {given.Tokens.Count} values; it takes one.");
            }
        }

        return result.Errors is [var error, ..]
            ? throw new UserErrorException(error.Message.ReplaceLineEndings(" "))
            : result;
    }

    private static UserErrorException Unknown(string verb, string token, IEnumerable<Option> options)
    {
        var isOption = token.StartsWith('-');
        var names = isOption ? options.Select(option => option.Name) : Verbs.Names;
        var what = isOption ? "option" : "argument";
        var page = verb == Verbs.Run ? "--help" : $"{verb} --help";
        return new UserErrorException($"Unknown {what} '{token}'{NearMatch.Hint(token, names)}; {page} lists what there is.");
    }
}
