namespace GptQuantBench.Benchmarks;

/// <summary>The measured phases of a case; each is a benchmark method of <see cref="MainJob"/> and, by default, a process.</summary>
public enum Phase
{
    /// <summary>From opening the files to a model that is ready for its first token.</summary>
    LoadModel,

    /// <summary>From the prompt to its first new id, greedy.</summary>
    FirstToken,

    /// <summary>From the prompt to the last of the generated ids.</summary>
    Generate50,
}
