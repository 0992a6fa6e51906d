using GptQuantBench.Commands;

namespace GptQuantBench.Tests.Commands;

public sealed class BenchmarkDotNetOptionsTests
{
    private readonly BenchmarkDotNetOptions _options = new();

    [Theory]
    [InlineData("filter")]
    [InlineData("list")]
    [InlineData("iterationCount")]
    [InlineData("launchCount")]
    [InlineData("artifacts")]
    [InlineData("inProcess")]
    [InlineData("resume")]
    [InlineData("warmupCount")]
    [InlineData("exporters")]
    public void EveryOptionOfBenchmarkDotNetIsKnown(string name) => Assert.Equal("--" + name, _options[name].Name);

    [Fact]
    public void OwnOptionsInventNoSecondNameForWhatBenchmarkDotNetHas()
    {
        var theirs = _options.All.SelectMany(option => option.Aliases.Append(option.Name)).ToHashSet();
        System.CommandLine.Option[] own =
        [
            .. Options.Machine, .. Options.Work, Options.Models, Options.ModelPath, Options.Quantizations, Options.Quantization,
            Options.Smoke, Options.Sweeps, Options.Text, Options.Ids, Options.Json, Options.Help, Options.Version,
        ];
        Assert.DoesNotContain(own.SelectMany(option => option.Aliases.Append(option.Name)), theirs.Contains);
    }

    [Fact]
    public void GivenOptionsAreHandedOnAsTheyWereWritten()
    {
        var result = VerbParser.Parse(
            Verbs.Run, [.. _options.All, Options.Tokens], ["--filter", "*a*", "*b*", "--tokens", "7", "-i", "--iterationCount", "3", "--envVars", "A:1"]);
        Assert.Equal(
            ["--envVars", "A:1", "--filter", "*a*", "*b*", "--inProcess", "--iterationCount", "3"],
            Sorted(_options.Arguments(result)));
        Assert.Equal(["--envVars", "A:1", "--iterationCount", "3"], Sorted(_options.Arguments(result, "filter", "inProcess")));
    }

    /// <summary>Option by option, each with its values.</summary>
    private static string[] Sorted(string[] arguments) =>
    [
        .. string.Join(' ', arguments).Split("--", StringSplitOptions.RemoveEmptyEntries).Select(part => "--" + part.Trim()).Order(StringComparer.Ordinal)
            .SelectMany(part => part.Split(' ')),
    ];
}
