namespace GptQuantBench.Configuration;

/// <summary>
/// <c>--filter *</c> without quotes: in a folder with files, the shell hands over their names instead of the star.
/// </summary>
internal static class ShellExpansion
{
    // `dotnet run` makes them after the shell has expanded the star.
    private static readonly string[] _buildFolders = ["bin", "obj"];

    /// <summary>True where the filters are exactly what a shell makes of <c>*</c> in a folder: its entries, hidden ones left out.</summary>
    public static bool IsExpandedStar(IReadOnlyCollection<string> filters, string directory)
    {
        var entries = new DirectoryInfo(directory)
            .EnumerateFileSystemInfos()
            .Select(entry => entry.Name)
            .Where(name => !name.StartsWith('.'))
            .ToHashSet(StringComparer.Ordinal);
        return filters.Count > 0 && entries.IsSupersetOf(filters) && entries.Except(filters).All(_buildFolders.Contains);
    }
}
