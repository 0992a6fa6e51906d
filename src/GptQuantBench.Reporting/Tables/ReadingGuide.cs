using GptQuantBench.Reporting.Figures;

namespace GptQuantBench.Reporting.Tables;

/// <summary>How to read a report, for readers who know nothing of it; <c>docs/measurement.md</c> has the whole definitions.</summary>
public static class ReadingGuide
{
    /// <summary>The title.</summary>
    public const string Title = "How to read it";

    /// <summary>Each figure with its meaning.</summary>
    public static IReadOnlyList<(string Name, string Value)> Entries { get; } =
    [
        ("Load", "From opening the files to a model ready for its first token: tokenizer, reading, quantising, copying."),
        ("Mem", "Bytes of all weight tables that stay resident, in 10⁹ bytes. KV cache and workspace come on top."),
        ("FTL", $"First-token latency: from the prompt as a string to the first new id, greedy and warm. {LatencyScale.Legend}."),
        ("Throughput", "Generated tokens / total time, the prompt included; more is better."),
        ("Medians", "Every figure is the median of its samples. ± is their median absolute deviation; whiskers reach from the smallest to the largest sample."),
        ("Speedup", "Throughput / throughput of the FP16 case of the same model. Above 1 the format is faster."),
        ("Roofline", "A token must read all weights once. Bytes / measured bandwidth is the floor of its time; the share says how near it came."),
        ("Perplexity", "How much a text surprises the model; a format that raises it by 1 % predicts a little worse. Only trained weights have one."),
        ("Synthetic weights", "Random weights of the exact shapes: speed and memory are those of the real model, text and quality mean nothing."),
    ];
}
