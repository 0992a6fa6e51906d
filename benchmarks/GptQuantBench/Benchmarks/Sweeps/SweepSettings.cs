namespace GptQuantBench.Benchmarks.Sweeps;

/// <summary>The points of a run's sweeps; part of the run's settings, so that host and benchmark processes count them alike.</summary>
public sealed record SweepSettings
{
    /// <summary>The models, with the positions that each has.</summary>
    public required IReadOnlyDictionary<string, int> ContextLengths { get; init; }

    /// <summary>Names of the formats.</summary>
    public required IReadOnlyList<string> Formats { get; init; }

    /// <summary>Tokens of the prompts of the prompt-length sweep.</summary>
    public required IReadOnlyList<int> PromptLengths { get; init; }

    /// <summary>Positions that the KV cache holds before the first measured step of the depth sweep.</summary>
    public required IReadOnlyList<int> Depths { get; init; }

    /// <summary>Sequences that decode together; none where the backend decodes one at a time.</summary>
    public required IReadOnlyList<int> BatchSizes { get; init; }

    /// <summary>Decode steps of each batch.</summary>
    public required int BatchTokens { get; init; }

    /// <summary>Decode steps at each depth; ids of each sequence of the token-time sweep.</summary>
    public required int Tokens { get; init; }

    /// <summary>Times between ids that the token-time sweep takes at least.</summary>
    public required int TokenTimes { get; init; }

    /// <summary>Measured calls of a point in each process.</summary>
    public required int Repeats { get; init; }

    /// <summary>Calls of a point before them that are thrown away.</summary>
    public required int WarmUps { get; init; }

    /// <summary>The prompt lengths that a model has positions for.</summary>
    public IReadOnlyList<SweepPoint> PromptLengthPoints(string model) =>
        [.. PromptLengths.Where(length => length <= ContextLengths[model]).Select(length => new SweepPoint(PromptTokens: length))];

    /// <summary>The depths at which a model has positions for all steps.</summary>
    public IReadOnlyList<SweepPoint> DepthPoints(string model) =>
        [.. Depths.Where(depth => depth + Tokens <= ContextLengths[model]).Select(depth => new SweepPoint(DepthTokens: depth))];

    /// <summary>The batch sizes.</summary>
    public IReadOnlyList<SweepPoint> BatchPoints() => [.. BatchSizes.Select(size => new SweepPoint(BatchSize: size))];

    /// <summary>Sequences that give the asked number of times between their ids.</summary>
    public int TimedSequences => (TokenTimes + Tokens - 2) / (Tokens - 1);
}
