using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace GptQuantBench.Tests.House.SupplyChain;

/// <summary>The packages as CycloneDX 1.6 JSON (cyclonedx.org/docs/1.6/json).</summary>
internal static class BillOfMaterials
{
    private const string Program = "GptQuantBench";

    private static readonly JsonSerializerOptions _options = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The file's text; no time and no serial number, so that the same packages give the same text.</summary>
    public static string Write(IReadOnlyList<LockedPackage> packages)
    {
        var bill = new JsonObject
        {
            ["$schema"] = "http://cyclonedx.org/schema/bom-1.6.schema.json",
            ["bomFormat"] = "CycloneDX",
            ["specVersion"] = "1.6",
            ["version"] = 1,
            ["metadata"] = new JsonObject { ["component"] = new JsonObject { ["type"] = "application", ["bom-ref"] = Program, ["name"] = Program } },
            ["components"] = new JsonArray([.. packages.Select(Component)]),
            ["dependencies"] = new JsonArray(
            [
                Dependency(Program, packages.Where(package => package.IsShipped).Select(Reference)),
                .. packages.Select(package => Dependency(Reference(package), References(package.Dependencies, packages))),
            ]),
        };
        return bill.ToJsonString(_options).ReplaceLineEndings("\n") + "\n";
    }

    private static JsonObject Component(LockedPackage package)
    {
        JsonObject license = package.License switch
        {
            null => new JsonObject { ["license"] = new JsonObject { ["name"] = package.LicenseText ?? "unknown" } },
            _ when package.License.Contains(' ', StringComparison.Ordinal) => new JsonObject { ["expression"] = package.License },
            _ => new JsonObject { ["license"] = new JsonObject { ["id"] = package.License } },
        };
        return new JsonObject
        {
            ["type"] = "library",
            ["bom-ref"] = Reference(package),
            ["name"] = package.Name,
            ["version"] = package.Version,
            ["scope"] = package.IsShipped ? "required" : "excluded",
            ["hashes"] = new JsonArray(new JsonObject { ["alg"] = "SHA-512", ["content"] = package.Sha512 }),
            ["licenses"] = new JsonArray(license),
            ["copyright"] = package.Copyright,
            ["purl"] = Reference(package),
        };
    }

    private static JsonObject Dependency(string reference, IEnumerable<string> dependsOn) => new JsonObject
    {
        ["ref"] = reference,
        ["dependsOn"] = new JsonArray([.. dependsOn.Select(other => JsonValue.Create(other))]),
    };

    private static IEnumerable<string> References(IEnumerable<string> names, IReadOnlyList<LockedPackage> packages) => names
        .Select(name => packages.FirstOrDefault(package => string.Equals(package.Name, name, StringComparison.OrdinalIgnoreCase)))
        .OfType<LockedPackage>()
        .Select(Reference);

    private static string Reference(LockedPackage package) => $"pkg:nuget/{package.Name}@{package.Version}";
}
