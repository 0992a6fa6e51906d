namespace GptQuantBench.Tests.House.SupplyChain;

/// <summary>A package as the lock files pin it and its own manifest describes it.</summary>
/// <param name="Name">Its id.</param>
/// <param name="Version">The version that is restored.</param>
/// <param name="Sha512">Hash of its content, hexadecimal.</param>
/// <param name="IsShipped">False where only tests use it.</param>
/// <param name="Dependencies">Ids of the packages that it asks for.</param>
/// <param name="License">SPDX expression; null where the package has a text or an address instead.</param>
/// <param name="LicenseText">What stands for a licence without an expression: the name of its file, or its address.</param>
/// <param name="Copyright">Its copyright line, else its authors.</param>
/// <param name="Address">Its page, or null.</param>
internal sealed record LockedPackage(
    string Name,
    string Version,
    string Sha512,
    bool IsShipped,
    IReadOnlyList<string> Dependencies,
    string? License,
    string? LicenseText,
    string Copyright,
    string? Address);
