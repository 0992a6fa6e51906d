namespace GptQuantBench.Inference.Backends;

/// <summary>A fault on the device that made it unusable for this process; later processes find it clean.</summary>
/// <param name="Kernel">The kernel that faulted, where that is known (<see cref="BackendOptions.LaunchByLaunch"/>); else null.</param>
public sealed record DeviceFault(string? Kernel);
