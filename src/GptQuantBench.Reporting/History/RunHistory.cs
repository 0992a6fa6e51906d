using System.Globalization;
using System.Text;
using GptQuantBench.Reporting.Json;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.History;

/// <summary>A folder with one report per run, <c>&lt;UTC&gt;-&lt;device&gt;-&lt;commit&gt;.json</c>.</summary>
public static class RunHistory
{
    /// <summary>Name of the folder inside the artifacts folder.</summary>
    public const string FolderName = "runs";

    private const int CommitDigits = 12;

    /// <summary>Keeps a report in the folder, which is made where it is missing; a run that is already there is replaced.</summary>
    /// <returns>Path of the file.</returns>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static string Add(string folder, RunReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        string path = Path.Combine(folder, FileName(report));
        ReportFile.Write(path, report);
        return path;
    }

    /// <summary>
    /// Name of a run's file, e.g. <c>20261123T081926Z-nvidia-h100-80gb-hbm3-6c99075b09fd.json</c>; without a commit it ends in
    /// <c>nogit</c>.
    /// </summary>
    public static string FileName(RunReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        RunMetadata metadata = report.Metadata;
        string time = (metadata.StartedAt ?? DateTimeOffset.UnixEpoch).UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        string device = Slug(metadata.Gpu ?? report.Results.Select(result => result.Device).FirstOrDefault(name => name is not null) ?? metadata.Host?.Cpu);
        string commit = Slug(metadata.Commit, "nogit");
        return $"{time}-{device}-{(commit.Length > CommitDigits ? commit[..CommitDigits] : commit)}.json";
    }

    /// <summary>All reports of a folder, oldest first. A file that is no report does not hide the others.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="unreadable">Called with one sentence for each file that is no report.</param>
    /// <exception cref="ReportFormatException">The folder does not exist or cannot be read.</exception>
    public static IReadOnlyList<HistoryEntry> Read(string folder, Action<string> unreadable)
    {
        ArgumentNullException.ThrowIfNull(unreadable);
        string[] files;
        try
        {
            files = Directory.GetFiles(folder, "*.json");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new ReportFormatException(
                $"History '{folder}' cannot be read ({exception.Message.TrimEnd('.')}): give the folder of earlier runs, artifacts/{FolderName}.", exception);
        }

        var entries = new List<HistoryEntry>();
        foreach (string file in files.Order(StringComparer.Ordinal))
        {
            try
            {
                entries.Add(new HistoryEntry(file, ReportFile.Read(file)));
            }
            catch (ReportFormatException exception)
            {
                unreadable(exception.Message);
            }
        }

        return [.. entries.OrderBy(entry => entry.Report.Metadata.StartedAt ?? DateTimeOffset.MinValue)];
    }

    private static string Slug(string? text, string missing = "unknown")
    {
        var slug = new StringBuilder();
        foreach (char character in (text ?? "").ToLowerInvariant())
        {
            if (char.IsAsciiLetterOrDigit(character))
            {
                slug.Append(character);
            }
            else if (slug.Length > 0 && slug[^1] != '-')
            {
                slug.Append('-');
            }
        }

        // File systems allow 255 bytes for a name.
        string result = slug.ToString(0, Math.Min(slug.Length, 80)).Trim('-');
        return result.Length == 0 ? missing : result;
    }
}
