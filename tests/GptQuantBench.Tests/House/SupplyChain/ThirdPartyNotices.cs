using System.Text;

namespace GptQuantBench.Tests.House.SupplyChain;

/// <summary>Whose work the program ships, as Markdown.</summary>
internal static class ThirdPartyNotices
{
    /// <summary>The file's text.</summary>
    public static string Write(IReadOnlyList<LockedPackage> packages)
    {
        var text = new StringBuilder()
            .Append("# Third-party notices\n\n")
            .Append("GptQuantBench is under the MIT licence (LICENSE). A build of it holds these packages, each under its own licence; the text of a licence\n")
            .Append("lies in the package, or at spdx.org/licenses under its identifier. Made by `eng/supply-chain.sh` from packages.lock.json; sbom.cdx.json has\n")
            .Append("the same with hashes and dependencies, and the packages that only tests use.\n\n")
            .Append("| package | version | licence | copyright or authors |\n|---|---|---|---|\n");
        foreach (var package in packages.Where(package => package.IsShipped))
        {
            var name = package.Address is null ? package.Name : $"[{package.Name}]({package.Address})";
            text.Append($"| {name} | {package.Version} | {Cell(package.License ?? package.LicenseText ?? "unknown")} | {Cell(package.Copyright)} |\n");
        }

        return text.ToString();
    }

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
