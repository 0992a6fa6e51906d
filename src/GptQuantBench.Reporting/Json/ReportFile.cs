using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Json;

/// <summary>Reports on disk.</summary>
public static class ReportFile
{
    // A run's case loop and its Ctrl+C handler may write at the same moment.
    private static readonly Lock _writeLock = new();

    /// <summary>Writes a report; whoever reads meanwhile, or kills the process, finds the old report or the new one, whole.</summary>
    /// <param name="path">The file; its folder is made where it is missing.</param>
    /// <param name="report">The report.</param>
    /// <exception cref="IOException">The file cannot be written; the message is one sentence for the user.</exception>
    public static void Write(string path, RunReport report)
    {
        byte[] content = ReportJson.Serialize(report);
        string fullPath = Path.GetFullPath(path);
        try
        {
            lock (_writeLock)
            {
                Directory.CreateDirectory(Path.GetDirectoryName(fullPath)!);
                AtomicFile.Commit(AtomicFile.Prepare(fullPath, content), fullPath);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IOException(
                $"Report '{fullPath}' cannot be written ({Reason(exception)}): make room or grant access there, or choose another folder.",
                exception);
        }
    }

    /// <summary>Reads a report, also one that the reference script wrote.</summary>
    /// <exception cref="ReportFormatException">The file is missing, unreadable, or not a report that this version understands.</exception>
    public static RunReport Read(string path)
    {
        try
        {
            return ReportJson.Parse(JsonInput.Read(path, "Report"), path);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ReportFormatException($"Report '{path}' does not exist: give the path of a llm_benchmark_results.json.", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new ReportFormatException(
                $"Report '{path}' cannot be read ({Reason(exception)}): give the path of a readable llm_benchmark_results.json.",
                exception);
        }
    }

    private static string Reason(Exception exception) => exception.Message.ReplaceLineEndings(" ").TrimEnd('.');
}
