using System.Reflection;

namespace GptQuantBench.Commands;

/// <summary>The version of this program.</summary>
internal static class ToolVersion
{
    private static readonly string[] _parts = typeof(ToolVersion).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+', 2);

    /// <summary>The version, without the commit.</summary>
    public static string Text => _parts[0];

    /// <summary>The commit that it was built from; null where the build did not know it.</summary>
    public static string? Commit => _parts.Length > 1 ? _parts[1] : null;
}
