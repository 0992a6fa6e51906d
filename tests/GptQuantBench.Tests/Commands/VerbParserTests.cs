using GptQuantBench.Commands;

namespace GptQuantBench.Tests.Commands;

public sealed class VerbParserTests
{
    public static TheoryData<string, string[], string> Wrong => new()
    {
        { Verbs.Run, ["--toknes", "5"], "Unknown option '--toknes' (did you mean '--tokens'?)" },
        { Verbs.Run, ["genrate"], "Unknown argument 'genrate' (did you mean 'generate'?)" },
        { Verbs.Run, ["--tokens"], "Option --tokens needs a value" },
        { Verbs.Run, ["--tokens", "1", "--tokens", "2"], "Option --tokens was given 2 values" },
        { Verbs.Generate, ["--nothing-like-it"], "Unknown option '--nothing-like-it'; generate --help" },
        { Verbs.Run, ["--smoke=yes"], "yes" },
        { Verbs.Run, ["--filter", "*", "--toknes", "5"], "Unknown option '--toknes' (did you mean '--tokens'?)" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void WrongUseIsOneSentence(string verb, string[] arguments, string message)
    {
        var exception = Assert.Throws<UserErrorException>(() => VerbParser.Parse(verb, [Options.Tokens, Options.Smoke, new BenchmarkDotNetOptions()["filter"]], arguments));
        Assert.Contains(message, exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', exception.Message);
    }

    [Fact]
    public void APromptMayLookLikeAFileOfArguments()
    {
        var result = VerbParser.Parse(Verbs.Generate, [Options.Prompt], ["--prompt", "@home I wrote"]);
        Assert.Equal("@home I wrote", result.GetValue(Options.Prompt));
    }

    [Theory]
    [InlineData("0", 1, 9)]
    [InlineData("10", 1, 9)]
    [InlineData("five", 1, 9)]
    [InlineData("1.5", 1, 9)]
    [InlineData("99999999999999", 1, 9)]
    public void NumbersAreHeldToTheirRange(string text, int minimum, int maximum)
    {
        var result = VerbParser.Parse(Verbs.Run, [Options.Tokens], ["--tokens", text]);
        var exception = Assert.Throws<UserErrorException>(() => result.Int(Options.Tokens, 5, minimum, maximum));
        Assert.Contains($"--tokens has the value '{text}'; expected a whole number from 1 to 9", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--temperature", "-0.1")]
    [InlineData("--temperature", "NaN")]
    [InlineData("--temperature", "Infinity")]
    [InlineData("--temperature", "warm")]
    [InlineData("--top-p", "0")]
    [InlineData("--top-p", "1.01")]
    [InlineData("--top-p", "NaN")]
    [InlineData("--seed", "-1")]
    [InlineData("--seed", "18446744073709551616")]
    public void SamplingOutOfRangeIsRefused(string option, string value)
    {
        var result = VerbParser.Parse(Verbs.Run, Options.Work, [option, value]);
        var exception = Assert.Throws<UserErrorException>(() => Sampling.From(result));
        Assert.Contains($"Option {option} has the value '{value}'; expected", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SamplingTakesTheEndsOfItsRanges()
    {
        var result = VerbParser.Parse(Verbs.Run, Options.Work, ["--temperature", "0", "--top-p", "1", "--seed", "18446744073709551615"]);
        var sampling = Sampling.From(result);
        Assert.True(sampling.IsGreedy);
        Assert.Equal(1f, sampling.TopP);
        Assert.Equal(ulong.MaxValue, sampling.Seed);
    }

    [Fact]
    public void NamesLoseSpacesAndRepeats()
    {
        var result = VerbParser.Parse(Verbs.Run, [Options.Models], ["--models", " gpt2, GPT2 ,gpt2-medium,"]);
        Assert.Equal(["gpt2", "gpt2-medium"], result.Names(Options.Models, "x"));
    }
}
