using System.Runtime.CompilerServices;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>Ids of a short prompt, as an argument of its kernel.</summary>
[InlineArray(Count)]
internal struct PromptIds
{
    /// <summary>Ids that there is room for: columns of the matrix unit.</summary>
    public const int Count = 8;

    private int _first;
}
