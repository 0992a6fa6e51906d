using System.Diagnostics;
using System.Text.RegularExpressions;
using GptQuantBench.Reporting.Json;

namespace GptQuantBench.Tests.Runs;

/// <summary>Machines, folders and neighbours that are not as the developer's were.</summary>
public sealed partial class SurroundingsTests
{
    private const string Report = "llm_benchmark_results.json";

    [Fact]
    public void ASecondRunInTheSameFolderIsRefusedAndHarmsNothing()
    {
        using var folder = new TemporaryFolder();
        using var first = TestProgram.Start(
            ["--filter", "*", "--model-path", Repository.Nano, "--inProcess", "--iterationCount", "1000", "--backend", "cpu", "--artifacts", folder.FullName]);
        var clock = Stopwatch.StartNew();
        while (!File.Exists(folder[Report]))
        {
            Assert.True(clock.Elapsed < TimeSpan.FromMinutes(2), first.OutputSoFar);
            Thread.Sleep(10);
        }

        TestProgram.Run(Smoke(Repository.Nano, folder.FullName)).ShouldFail(2, "Another run", folder.FullName, "--artifacts");
        Assert.False(File.Exists(folder["llm_benchmark_results.previous.json"]));
        first.Process.Kill(entireProcessTree: true);
        first.Process.WaitForExit();
        TestProgram.Run([.. Smoke(Repository.Nano, folder.FullName), "--quantizations", "8-bit"]).ShouldSucceed();
    }

    [Fact]
    public void AGermanMachineWritesPoints()
    {
        using var folder = new TemporaryFolder();
        var german = new Dictionary<string, string?>
        {
            ["LANG"] = "de_DE.UTF-8",
            ["LC_ALL"] = "de_DE.UTF-8",
            ["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = null,
        };
        var outcome = TestProgram.Run(
            [.. Smoke(Repository.Nano, folder.FullName), "--quantizations", "8-bit", "--temperature", "0.7"], environment: german).ShouldSucceed();
        Assert.Equal(0.7, Assert.Single(ReportFile.Read(folder[Report]).Results).Temperature);
        Assert.All([outcome.Output, File.ReadAllText(folder["llm_benchmark_results.md"])], text =>
        {
            string[] lines = [.. text.Split('\n').Where(line => line.Contains("8-bit", StringComparison.Ordinal))];
            Assert.Contains(lines, PointNumber().IsMatch);
            Assert.DoesNotContain(lines, CommaNumber().IsMatch);
        });
        TestProgram.Run(["--filter", "*", "--model-path", Repository.Nano, "--temperature", "0,7"], environment: german).ShouldFail(2, "0,7");
    }

    [Fact]
    public void FoldersMayHaveSpacesAndAnyLetters()
    {
        using var folder = new TemporaryFolder();
        var odd = Directory.CreateDirectory(folder["Ärger mit 'Pfaden' & 数 😀"]).FullName;
        var model = Directory.CreateDirectory(Path.Combine(odd, "my model ß")).FullName;
        foreach (var name in new[] { "config.json", "model.safetensors" })
        {
            File.Copy(Path.Combine(Repository.Nano, name), Path.Combine(model, name));
        }

        var outcome = TestProgram.Run([.. Smoke("my model ß", Path.Combine(odd, "results of it")), "--quantizations", "8-bit"], folder: odd).ShouldSucceed();
        Assert.Contains("my model ß", outcome.Output, StringComparison.Ordinal);
        Assert.Equal("my model ß", Assert.Single(ReportFile.Read(Path.Combine(odd, "results of it", Report)).Results).ModelName);
    }

    [Fact]
    public void AFolderWhoseNameMeansSomethingToMsBuildIsOneSentence()
    {
        using var folder = new TemporaryFolder();
        var copy = Directory.CreateDirectory(folder["100%"]).FullName;
        foreach (var file in Directory.EnumerateFiles(AppContext.BaseDirectory).Where(file => file.EndsWith(".dll", StringComparison.Ordinal) || file.EndsWith(".json", StringComparison.Ordinal)))
        {
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        }

        TestProgram.Run(Smoke(Repository.Nano, folder["artifacts"]).Where(argument => argument != "--inProcess"), program: copy)
            .ShouldFail(2, copy, "MSBuild", "--inProcess");
    }

    [Fact]
    public void AReadOnlyCheckoutOnlyNeedsAnotherFolderForResults()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess && OperatingSystem.IsLinux(), "Only root can make a folder read-only for one process.");
        string[] readOnly =
            ["unshare", "-m", "sh", "-c", "mount --bind \"$0\" \"$0\" && mount -o remount,ro,bind \"$0\" && cd \"$0\" && exec \"$@\"", Repository.Root];
        string[] arguments = ["--filter", "*", "--model-path", Repository.Nano, "--smoke", "--backend", "cpu", "--quantizations", "8-bit"];
        TestProgram.Run([.. arguments, "--inProcess"], launcher: readOnly).ShouldFail(2, "artifacts", "can't be written", "--artifacts");

        using var folder = new TemporaryFolder();
        TestProgram.Run([.. arguments, "--artifacts", folder.FullName], launcher: readOnly).ShouldFail(2, "can't be written", "--inProcess");
        TestProgram.Run([.. arguments, "--artifacts", folder.FullName, "--inProcess"], launcher: readOnly).ShouldSucceed();
        Assert.True(Assert.Single(ReportFile.Read(folder[Report]).Results).Success);
    }

    private static string[] Smoke(string model, string artifacts) =>
        ["--filter", "*", "--model-path", model, "--inProcess", "--smoke", "--backend", "cpu", "--artifacts", artifacts];

    [GeneratedRegex(@"\d\.\d")]
    private static partial Regex PointNumber();

    [GeneratedRegex(@"\d,\d")]
    private static partial Regex CommaNumber();
}
