using GptQuantBench.Configuration;

namespace GptQuantBench.Tests.Configuration;

public sealed class ShellExpansionTests
{
    [Fact]
    public void NamesOfTheFolderAreAnExpandedStar()
    {
        using var folder = Folder("a.txt", "Program.cs", ".hidden");
        Directory.CreateDirectory(folder["sub"]);
        Assert.True(ShellExpansion.IsExpandedStar(["Program.cs", "a.txt", "sub"], folder.FullName));
    }

    [Fact]
    public void BuildFoldersMayHaveComeAfterTheExpansion()
    {
        using var folder = Folder("Program.cs", "GptQuantBench.csproj");
        Directory.CreateDirectory(folder["bin"]);
        Directory.CreateDirectory(folder["obj"]);
        Assert.True(ShellExpansion.IsExpandedStar(["Program.cs", "GptQuantBench.csproj"], folder.FullName));
        Assert.True(ShellExpansion.IsExpandedStar(["Program.cs", "GptQuantBench.csproj", "bin", "obj"], folder.FullName));
        Assert.False(ShellExpansion.IsExpandedStar(["Program.cs", "bin", "obj"], folder.FullName));
    }

    [Theory]
    [InlineData("*")]
    [InlineData("*4-bit*")]
    [InlineData("a.txt")]
    public void RealFiltersAreNot(string filter)
    {
        using var folder = Folder("a.txt", "b.txt");
        Assert.False(ShellExpansion.IsExpandedStar([filter], folder.FullName));
    }

    [Fact]
    public void AnEmptyFolderExpandsNothing()
    {
        using var folder = Folder();
        Assert.False(ShellExpansion.IsExpandedStar([], folder.FullName));
        Assert.False(ShellExpansion.IsExpandedStar(["*"], folder.FullName));
    }

    private static TemporaryFolder Folder(params string[] files)
    {
        var folder = new TemporaryFolder();
        foreach (var file in files)
        {
            File.WriteAllText(folder[file], "");
        }

        return folder;
    }
}
