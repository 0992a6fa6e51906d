using GptQuantBench.Commands;

namespace GptQuantBench.Tests.House;

public sealed class ReadmeTests
{
    private static readonly string _readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));

    public static TheoryData<string> OwnOptions =>
    [
        .. Options.Machine.Concat(Options.Work).Select(option => option.Name), "--models", "--model-path", "--quantizations", "--quantization", "--smoke",
        "--text", "--ids", "--json", "--out", "--history", "--help", "--version",
    ];

    [Theory]
    [MemberData(nameof(OwnOptions))]
    public void ReadmeShowsEveryOption(string option) => Assert.Matches($"{option}\\b", _readme);

    [Fact]
    public void ReadmeShowsEveryVerb() => Assert.All(Verbs.Names, verb => Assert.Matches($"gqb {verb}\\b", _readme));

    [Fact]
    public void LinksLeadToFiles()
    {
        var links = System.Text.RegularExpressions.Regex.Matches(_readme, @"(?:\]\(|src=""|srcset="")(?!http)([^)#""]+)").Select(match => match.Groups[1].Value).ToArray();
        Assert.NotEmpty(links);
        Assert.All(links, link => Assert.True(Path.Exists(Path.Combine(Repository.Root, link)), link));
    }
}
