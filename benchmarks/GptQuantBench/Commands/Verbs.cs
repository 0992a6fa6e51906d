namespace GptQuantBench.Commands;

/// <summary>The verbs of the command line.</summary>
internal static class Verbs
{
    /// <summary>The default: runs benchmarks; never typed.</summary>
    public const string Run = "run";

    public const string Generate = "generate";
    public const string Logits = "logits";
    public const string Tokenize = "tokenize";
    public const string Evaluate = "evaluate";
    public const string Compare = "compare";
    public const string Merge = "merge";
    public const string Export = "export";
    public const string Fetch = "fetch";
    public const string Quantize = "quantize";
    public const string Report = "report";
    public const string Info = "info";
    public const string Watch = "watch";

    /// <summary>What a run starts after a fault on the device; never typed.</summary>
    public const string ReplayFault = "replay-fault";

    /// <summary>What a user may type as first word.</summary>
    public static IReadOnlyList<string> Names { get; } = [Generate, Logits, Tokenize, Evaluate, Quantize, Compare, Report, Merge, Export, Fetch, Watch, Info];
}
