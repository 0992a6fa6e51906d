using System.Text.Json.Serialization;

namespace GptQuantBench.Reporting.Comparison;

/// <summary>One metric of one case in two runs. Relative changes are new / base − 1 in the metric's unit.</summary>
public sealed record MetricComparison
{
    /// <summary>The figure's key in the report.</summary>
    public required string Metric { get; init; }

    /// <summary>What people read.</summary>
    [JsonIgnore]
    public required string Name { get; init; }

    /// <summary>The unit as text; empty for what is no number.</summary>
    public required string Unit { get; init; }

    /// <summary>The verdict.</summary>
    public required Verdict Verdict { get; init; }

    /// <summary>The verdict in the metric's words, e.g. <c>slower</c>, <c>smaller</c>, <c>too few samples</c>.</summary>
    public required string Wording { get; init; }

    /// <summary>The figure of the base run; null where it was not measured or is no number.</summary>
    public double? Base { get; init; }

    /// <summary>The figure of the new run.</summary>
    public double? New { get; init; }

    /// <summary>Relative change: for a time the Hodges-Lehmann estimate over processes, else from the two figures.</summary>
    public double? Change { get; init; }

    /// <summary>Lower end of the 95 % confidence interval of the change; null for a counted figure.</summary>
    public double? ChangeLow { get; init; }

    /// <summary>Upper end of the 95 % confidence interval of the change.</summary>
    public double? ChangeHigh { get; init; }

    /// <summary>p value, adjusted by Holm over all verdicts of the comparison; null for a counted figure.</summary>
    public double? AdjustedPValue { get; init; }

    /// <summary>Smallest relative change that counts: max(threshold, 2 × noise floor).</summary>
    public double? MinimumEffect { get; init; }

    /// <summary>Smallest relative change that 19 of 20 such comparisons would find at the noise of these two runs.</summary>
    public double? DetectableEffect { get; init; }

    /// <summary>Processes of the base run.</summary>
    public int? BaseProcesses { get; init; }

    /// <summary>Processes of the new run.</summary>
    public int? NewProcesses { get; init; }

    /// <summary>What a reader should know about the verdict, one sentence.</summary>
    public string? Note { get; init; }
}
