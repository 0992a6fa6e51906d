using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace GptQuantBench.Tests.House;

/// <summary>What eng/kernels.sh has written belongs together; whether it is of today's source, its --check says.</summary>
public sealed partial class PtxManifestTests
{
    // PTX 8.0 is CUDA 12.0's.
    private const double NewestVersion = 8.0;

    private static readonly string _folder = Path.GetDirectoryName(Repository.Ptx("manifest.txt"))!;

    private static Dictionary<string, Match> Lines => File.ReadLines(Repository.Ptx("manifest.txt"))
        .Where(line => !line.StartsWith('#'))
        .Select(line => Line().Match(line))
        .ToDictionary(match => match.Groups["file"].Value);

    [Fact]
    public void EverySourceHasPtxForBothArchitecturesAndALine()
    {
        var expected = Directory.EnumerateFiles(Path.Combine(_folder, ".."), "*.cu")
            .Select(source => Path.GetFileNameWithoutExtension(source))
            .SelectMany(name => (string[])[$"{name}.sm_80.ptx", $"{name}.sm_90.ptx"])
            .Order(StringComparer.Ordinal)
            .ToArray();
        Assert.NotEmpty(expected);
        Assert.Equal(expected, Directory.EnumerateFiles(_folder, "*.ptx").Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal));
        Assert.Equal(expected, Lines.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void EveryLineHasTheFilesHashAndItsCompiler() => Assert.All(Lines, line =>
    {
        Assert.True(line.Value.Success);
        Assert.Equal(line.Value.Groups["ptx"].Value, Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Repository.Ptx(line.Key)))));
        var mayBeNvcc = line.Key.StartsWith("persistent_", StringComparison.Ordinal) && line.Key.EndsWith(".sm_90.ptx", StringComparison.Ordinal);
        Assert.True(mayBeNvcc || line.Value.Groups["compiler"].Value == "clang", line.Value.Value);
        Assert.Equal(line.Value.Groups["compiler"].Value == "nvcc", line.Value.Groups["clang"].Success);
    });

    [Fact]
    public void DriversOfCuda12TakeEveryFile() => Assert.All(Directory.EnumerateFiles(_folder, "*.ptx"), file =>
    {
        var text = File.ReadAllText(file);
        Assert.InRange(double.Parse(Version().Match(text).Groups[1].Value, CultureInfo.InvariantCulture), 7.0, NewestVersion);
        Assert.DoesNotContain("used_bytes_mask", text, StringComparison.Ordinal);
    });

    [GeneratedRegex("^(?<file>[a-z0-9_]+\\.sm_[89]0\\.ptx) source [0-9a-f]{64} ptx (?<ptx>[0-9a-f]{64}) (clang (?<clang>[0-9a-f]{64}) )?compiler (?<compiler>clang|nvcc) [0-9.]+$")]
    private static partial Regex Line();

    [GeneratedRegex("^\\.version ([0-9.]+)", RegexOptions.Multiline)]
    private static partial Regex Version();
}
