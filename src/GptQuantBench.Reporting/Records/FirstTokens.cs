namespace GptQuantBench.Reporting.Records;

/// <summary>
/// Times of the first tokens of a generation, milliseconds: the first from the prompt as a string on, each later one from the token
/// before it.
/// </summary>
public sealed record FirstTokens
{
    /// <summary>Of a fresh process, right after load; null where the process had generated before.</summary>
    public IReadOnlyList<double>? Cold { get; init; }

    /// <summary>Of the same tokens after the measured runs.</summary>
    public IReadOnlyList<double>? Warm { get; init; }
}
