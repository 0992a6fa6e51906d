namespace GptQuantBench.Inference.Backends;

/// <summary>What a report says about a device with memory of its own.</summary>
/// <param name="Name">Name of the device.</param>
/// <param name="MemoryBytes">Its memory.</param>
/// <param name="Driver">Version of the driver, where known.</param>
/// <param name="RuntimeVersion">Version of the programming interface that the driver offers, e.g. <c>13.0</c> for CUDA.</param>
/// <param name="Clock">Clock of its processors now, MHz; null where it does not tell.</param>
/// <param name="MaxClock">Largest clock of its processors, MHz.</param>
/// <param name="MemoryClock">Clock of its memory now, MHz.</param>
/// <param name="MaxMemoryClock">Largest clock of its memory, MHz.</param>
public sealed record DeviceFacts(
    string Name,
    long MemoryBytes,
    string? Driver,
    string? RuntimeVersion,
    int? Clock,
    int? MaxClock,
    int? MemoryClock,
    int? MaxMemoryClock);
