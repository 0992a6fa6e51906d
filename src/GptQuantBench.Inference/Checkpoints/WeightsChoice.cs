namespace GptQuantBench.Inference.Checkpoints;

/// <summary>Which weights a user wants (<c>--weights</c>).</summary>
public enum WeightsChoice
{
    /// <summary>Real ones where they are found, else synthetic ones.</summary>
    Auto,

    /// <summary>Synthetic ones, also where real ones would be found.</summary>
    Synthetic,
}
