namespace GptQuantBench.Inference.Checkpoints;

/// <summary>Element types that the engine reads; checkpoints may hold tensors of other types as long as no weight has one.</summary>
public enum TensorType
{
    Float32,
    Float16,
    BFloat16,

    /// <summary>Any other type of the safetensors format; its bytes can be skipped but not read as weights.</summary>
    Other,
}
