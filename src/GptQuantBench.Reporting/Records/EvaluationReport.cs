namespace GptQuantBench.Reporting.Records;

/// <summary>What <c>evaluate</c> found: one text, one model, one row a format.</summary>
public sealed record EvaluationReport
{
    /// <summary>Name of the model, or of its folder.</summary>
    public required string ModelName { get; init; }

    /// <summary>SHA-256 of the model's weight files.</summary>
    public required string WeightsSha256 { get; init; }

    /// <summary>What computed: <c>cuda</c> or <c>cpu</c>.</summary>
    public required string Backend { get; init; }

    /// <summary>Name of the text's file, without its folder.</summary>
    public required string Text { get; init; }

    /// <summary>SHA-256 of the file's bytes.</summary>
    public required string TextSha256 { get; init; }

    /// <summary>How lines were joined before tokenising: <c>wikitext</c>; absent where the file was taken as it is.</summary>
    public string? Join { get; init; }

    /// <summary>Tokens of the text.</summary>
    public required int Tokens { get; init; }

    /// <summary>Tokens whose likelihood counts.</summary>
    public required int ScoredTokens { get; init; }

    /// <summary>Tokens of one window.</summary>
    public required int Window { get; init; }

    /// <summary>Tokens from the start of one window to the start of the next.</summary>
    public required int Stride { get; init; }

    /// <summary>The rows; the first is what the others are compared with.</summary>
    public required IReadOnlyList<EvaluationRow> Results { get; init; }
}
