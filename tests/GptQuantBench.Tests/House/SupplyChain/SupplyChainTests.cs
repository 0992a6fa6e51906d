using System.Text.Json;

namespace GptQuantBench.Tests.House.SupplyChain;

/// <summary>Notices and bill of materials say what the lock files say. GPTQUANTBENCH_WRITE=1 (eng/supply-chain.sh) writes them again.</summary>
public sealed class SupplyChainTests
{
    /// <summary>Licences under which others may use, change and pass on what we ship.</summary>
    private static readonly string[] _permissive = ["MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "0BSD", "MS-PL"];

    [Fact]
    public void NoticesAreCurrent() => AssertCurrent("THIRD-PARTY-NOTICES.md", ThirdPartyNotices.Write(LockedPackages.Read()));

    [Fact]
    public void BillOfMaterialsIsCurrent() => AssertCurrent("sbom.cdx.json", BillOfMaterials.Write(LockedPackages.Read()));

    [Fact]
    public void EveryPackageThatIsShippedHasAKnownLicence() => Assert.All(LockedPackages.Read().Where(package => package.IsShipped), package =>
        Assert.True(
            package.License is null ? package.LicenseText is not null : _permissive.Contains(package.License),
            $"{package.Name} {package.Version}: {package.License ?? "no licence"}"));

    [Fact]
    public void ReferencesOfTheBillLeadToComponents()
    {
        using var bill = JsonDocument.Parse(BillOfMaterials.Write(LockedPackages.Read()));
        string[] components = [.. bill.RootElement.GetProperty("components").EnumerateArray().Select(component => component.GetProperty("bom-ref").GetString()!)];
        Assert.Equal(components.Distinct(), components);
        Assert.Contains(components, reference => reference.StartsWith("pkg:nuget/BenchmarkDotNet@", StringComparison.Ordinal));
        Assert.All(
            bill.RootElement.GetProperty("dependencies").EnumerateArray().SelectMany(dependency => dependency.GetProperty("dependsOn").EnumerateArray()),
            reference => Assert.Contains(reference.GetString(), components));
    }

    private static void AssertCurrent(string name, string expected)
    {
        var path = Path.Combine(Repository.Root, name);
        if (Environment.GetEnvironmentVariable("GPTQUANTBENCH_WRITE") == "1")
        {
            File.WriteAllText(path, expected);
        }

        Assert.True(File.Exists(path) && File.ReadAllText(path) == expected, $"{name} is not what the lock files say; run eng/supply-chain.sh and commit it.");
    }
}
