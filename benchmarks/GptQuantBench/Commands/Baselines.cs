using GptQuantBench.Reporting.Json;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Commands;

/// <summary>Reports that a user keeps under a name, as <c>baselines/NAME.json</c> of the artifacts folder.</summary>
internal static class Baselines
{
    private const string FolderName = "baselines";
    private const int LongestName = 100;

    /// <summary>The name, where it is one: it becomes a file's name, so it must not lead out of the folder.</summary>
    /// <exception cref="UserErrorException">It is no name.</exception>
    public static string CheckName(string name) => IsName(name)
        ? name
        : throw new UserErrorException(
            $"Option {Options.Baseline.Name} has the value '{name}'; expected a name of at most {LongestName} letters, digits, dots, dashes and underscores that begins with a letter or digit.");

    /// <summary>Keeps a report; one of the same name is replaced. Returns the path.</summary>
    public static string Keep(string artifactsDirectory, string name, RunReport report)
    {
        var path = PathOf(artifactsDirectory, name);
        ReportFile.Write(path, report);
        return path;
    }

    /// <summary>The report that a user means: a file, else a baseline of that name.</summary>
    /// <exception cref="UserErrorException">There is neither.</exception>
    public static string Find(string artifactsDirectory, string operand)
    {
        if (File.Exists(operand))
        {
            return operand;
        }

        var path = IsName(operand) ? PathOf(artifactsDirectory, operand) : null;
        return path is not null && File.Exists(path)
            ? path
            : throw new UserErrorException(
                $"'{operand}' is neither a report nor a baseline in {Path.Combine(artifactsDirectory, FolderName)}; name a llm_benchmark_results.json, or keep one with {Options.Baseline.Name} NAME.");
    }

    private static string PathOf(string artifactsDirectory, string name) => Path.Combine(artifactsDirectory, FolderName, name + ".json");

    private static bool IsName(string name) =>
        name.Length is > 0 and <= LongestName
        && char.IsAsciiLetterOrDigit(name[0])
        && name.All(character => char.IsAsciiLetterOrDigit(character) || character is '.' or '-' or '_');
}
