namespace GptQuantBench.Reporting.Records;

/// <summary>One format of an evaluation.</summary>
public sealed record EvaluationRow
{
    /// <summary>What tables show for the format.</summary>
    public required string Quantization { get; init; }

    /// <summary>Complete name of the format.</summary>
    public required string Format { get; init; }

    /// <summary>Mean bits per weight of the quantised matrices, scales and minima included.</summary>
    public required double BitsPerWeight { get; init; }

    /// <summary>All weight tables that stay resident after load, bytes / 1e9.</summary>
    public required double MemoryGb { get; init; }

    /// <summary>Time of one load with its quantisation, seconds; a single sample, to see what a search costs.</summary>
    public double? LoadTimeSec { get; init; }

    /// <summary><see cref="QualityRecord.MeanNll"/>, for scripts that want no more.</summary>
    public double? MeanNll => Quality.MeanNll;

    /// <summary><see cref="QualityRecord.Perplexity"/>, for scripts that want no more.</summary>
    public double? Perplexity => Quality.Perplexity;

    /// <summary>The figures.</summary>
    public required QualityRecord Quality { get; init; }
}
