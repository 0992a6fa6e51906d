using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Comparison;

/// <summary>The same case in two reports.</summary>
/// <param name="Base">The row of the base report.</param>
/// <param name="New">The row of the new report.</param>
internal sealed record CasePair(CaseResult Base, CaseResult New)
{
    /// <summary>What makes the rows different work, one phrase each; what a row does not say (an old report, a failed case) differs in nothing.</summary>
    public IReadOnlyList<string> Differences =>
    [
        .. new[]
        {
            Difference("format", Base.Format, New.Format),
            Difference("backend", Base.Backend, New.Backend),
            Difference("decode", Base.Decode, New.Decode),
            Base.PromptIds is null || New.PromptIds is null
                ? Difference("prompt", Base.Prompt, New.Prompt)
                : Base.PromptIds.SequenceEqual(New.PromptIds) ? null : Phrase("prompt ids", Ids(Base), Ids(New)),
            Difference("prompt tokens", Base.PromptTokens, New.PromptTokens),
            Difference("new tokens", Base.NumTokensGenerated, New.NumTokensGenerated),
            Difference("batch size", Base.BatchSize, New.BatchSize),
            Difference("weights", Base.WeightsSha256, New.WeightsSha256),
        }.OfType<string>(),
    ];

    private static string? Difference<T>(string what, T? first, T? second) =>
        first is null || second is null || first.Equals(second) ? null : Phrase(what, first, second);

    private static string Phrase(string what, object first, object second) => $"{what}: {Short(first)}, {Short(second)}";

    // A hash or a long prompt is told from another by its beginning.
    private static string Short(object value) => $"{value}" is { Length: > 24 } text ? text[..21] + "..." : $"{value}";

    private static string Ids(CaseResult result) => string.Join(' ', result.PromptIds!);
}
