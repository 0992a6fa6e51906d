using System.Text.RegularExpressions;

namespace GptQuantBench.Tests.House;

/// <summary>Rules of the house that no compiler enforces.</summary>
public sealed partial class SourceTests
{
    private static readonly string[] _folders = ["src", "benchmarks", "tests"];

    private static IEnumerable<string> SourceFiles => _folders
        .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.cs", SearchOption.AllDirectories))
        .Where(file => !BuildOutput().IsMatch(file));

    [Fact]
    public void NoFileIsLongerThan400Lines() =>
        Assert.DoesNotContain(SourceFiles, file => File.ReadLines(file).Count() > 400);

    [Fact]
    public void NoStubIsLeft() =>
        Assert.DoesNotContain(
            SourceFiles, file => !file.EndsWith("SourceTests.cs", StringComparison.Ordinal) && Stub().IsMatch(File.ReadAllText(file)));

    [Fact]
    public void PackageVersionsAreExact()
    {
        var packages = File.ReadAllText(Path.Combine(Repository.Root, "Directory.Packages.props"));
        var versions = PackageVersion().Matches(packages).Select(match => match.Groups[1].Value).ToArray();
        Assert.NotEmpty(versions);
        Assert.All(versions, version => Assert.Matches(@"^\d+(\.\d+)+$", version));
    }

    [GeneratedRegex(@"[/\\](bin|obj)[/\\]")]
    private static partial Regex BuildOutput();

    [GeneratedRegex("NotImplementedException|\\bTODO\\b|\\bHACK\\b|\\bFIXME\\b")]
    private static partial Regex Stub();

    [GeneratedRegex("<PackageVersion Include=\"[^\"]+\" Version=\"([^\"]+)\"")]
    private static partial Regex PackageVersion();
}
