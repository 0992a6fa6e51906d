namespace GptQuantBench.Reporting.Records;

/// <summary>Turns a case into a failed one.</summary>
public static class CaseFailure
{
    /// <summary>
    /// The case without its figures, with the reason. What was asked for stays, and so does the memory evidence (resident set,
    /// driver's figure, leaked bytes), which may be the reason itself.
    /// </summary>
    /// <param name="result">The case as far as it is known.</param>
    /// <param name="error">Why it failed; line breaks become spaces.</param>
    public static CaseResult Of(CaseResult result, string error)
    {
        ArgumentNullException.ThrowIfNull(result);
        ArgumentException.ThrowIfNullOrWhiteSpace(error);
        return result with
        {
            Success = false,
            Error = string.Join(' ', error.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)),
            LoadTimeSec = null,
            MemoryGb = null,
            FirstTokenLatencyMs = null,
            ThroughputTokensPerSec = null,
            TotalInferenceTimeSec = null,
            NumTokensGenerated = null,
            ContextTimeSec = null,
            JitTimeSec = null,
            FirstTokenLatencyColdMs = null,
            InterTokenLatencyMs = null,
            FirstTokensMs = null,
            KvCacheBytes = null,
            WorkspaceBytes = null,
            PeakBytes = null,
            Roofline = null,
            Energy = null,
            Quality = null,
            GeneratedText = null,
            GeneratedIds = null,
            Samples = null,
        };
    }
}
