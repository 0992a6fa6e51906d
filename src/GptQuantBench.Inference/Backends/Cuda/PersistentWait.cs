namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>Where a block of the persistent kernel waits for others; <c>Waits</c> of persistent_arguments.cuh.</summary>
internal enum PersistentWait
{
    /// <summary>Nowhere.</summary>
    None,

    /// <summary>Queries, keys and values.</summary>
    Heads,

    /// <summary>Attention's results.</summary>
    Attended,

    /// <summary>What the attention's projection adds to the residual stream.</summary>
    Projected,

    /// <summary>Activations between the two feed-forward products.</summary>
    Hidden,

    /// <summary>What the second of them adds.</summary>
    Forward,

    /// <summary>The best logit of every block.</summary>
    Best,

    /// <summary>Sums of every block's weights, for the sampler.</summary>
    Weights,

    /// <summary>Their totals.</summary>
    Totals,

    /// <summary>Rows of the bucket in which the nucleus ends, and logits.</summary>
    Members,
}
