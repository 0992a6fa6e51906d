namespace GptQuantBench.Inference.Backends;

/// <summary>What starting a device showed.</summary>
/// <param name="Obstacle">Why it cannot run models now, in one sentence for the user; null where it can.</param>
/// <param name="Notice">What a reader of the figures should know about the device's state, one sentence; null for nothing.</param>
public sealed record DeviceCheck(string? Obstacle, string? Notice = null);
