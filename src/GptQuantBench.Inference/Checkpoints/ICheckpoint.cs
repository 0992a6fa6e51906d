namespace GptQuantBench.Inference.Checkpoints;

/// <summary>Named tensors, memory-mapped. Dispose unmaps; tensors handed out before must not be used after.</summary>
public interface ICheckpoint : IDisposable
{
    /// <summary>The file or folder, for messages.</summary>
    string Location { get; }

    /// <summary>All tensors, by the name they have in the file.</summary>
    IReadOnlyDictionary<string, CheckpointTensor> Tensors { get; }
}
