using System.Text.Json;
using System.Xml.Linq;

namespace GptQuantBench.Tests.House.SupplyChain;

/// <summary>All packages of the solution: versions, hashes and dependencies from packages.lock.json, licences from the packages' manifests.</summary>
internal static class LockedPackages
{
    private const string ProgramLockFile = "benchmarks/GptQuantBench/packages.lock.json";

    /// <summary>Where NuGet keeps restored packages.</summary>
    private static string Cache => Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } folder
        ? folder
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    /// <summary>Reads them, in the order of their names.</summary>
    public static IReadOnlyList<LockedPackage> Read()
    {
        var shipped = Locked(Path.Combine(Repository.Root, ProgramLockFile)).Select(package => package.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return
        [
            .. Directory.EnumerateFiles(Repository.Root, "packages.lock.json", SearchOption.AllDirectories)
                .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}bin{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
                .SelectMany(Locked)
                .DistinctBy(package => (package.Name.ToUpperInvariant(), package.Version))
                .OrderBy(package => package.Name, StringComparer.OrdinalIgnoreCase)
                .ThenBy(package => package.Version, StringComparer.Ordinal)
                .Select(package => Describe(package.Name, package.Version, package.Content, shipped.Contains(package.Name))),
        ];
    }

    private static IEnumerable<(string Name, string Version, JsonElement Content)> Locked(string lockFile)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(lockFile));
        return
        [
            .. document.RootElement.GetProperty("dependencies").EnumerateObject()
                .SelectMany(framework => framework.Value.EnumerateObject())
                .Where(package => package.Value.TryGetProperty("contentHash", out _))
                .Select(package => (package.Name, package.Value.GetProperty("resolved").GetString()!, package.Value.Clone())),
        ];
    }

    private static LockedPackage Describe(string name, string version, JsonElement content, bool isShipped)
    {
#pragma warning disable CA1308 // NuGet's folders are lower-case
        var manifest = Path.Combine(Cache, name.ToLowerInvariant(), version.ToLowerInvariant(), name.ToLowerInvariant() + ".nuspec");
#pragma warning restore CA1308
        var metadata = XDocument.Load(manifest).Root!.Elements().First(element => element.Name.LocalName == "metadata");
        string? Value(string element) => metadata.Elements().FirstOrDefault(child => child.Name.LocalName == element)?.Value.Trim() is { Length: > 0 } text
            ? string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            : null;
        var license = metadata.Elements().FirstOrDefault(child => child.Name.LocalName == "license");
        var isExpression = license?.Attribute("type")?.Value == "expression";
        return new LockedPackage(
            name,
            version,
            Convert.ToHexStringLower(Convert.FromBase64String(content.GetProperty("contentHash").GetString()!)),
            isShipped,
            content.TryGetProperty("dependencies", out var dependencies) ? [.. dependencies.EnumerateObject().Select(dependency => dependency.Name)] : [],
            isExpression ? license!.Value.Trim() : null,
            isExpression ? null : license is null ? Value("licenseUrl") : $"{license.Value.Trim()} in the package",
            Value("copyright") ?? Value("authors") ?? "",
            Value("projectUrl"));
    }
}
