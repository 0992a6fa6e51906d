namespace GptQuantBench.Inference.Backends;

/// <summary>Whether a backend can run on this machine.</summary>
/// <param name="IsAvailable">True if models can be loaded.</param>
/// <param name="Device">Name of the device (CPU model, GPU name), where known.</param>
/// <param name="Reason">Why not, in one sentence for the user; null where it is available.</param>
public sealed record BackendAvailability(bool IsAvailable, string? Device, string? Reason);
