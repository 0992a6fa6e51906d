namespace GptQuantBench.Inference.Backends;

/// <summary>What a user chooses about the device, and nothing about the model.</summary>
/// <param name="Device">Ordinal of the device (<c>--device</c>).</param>
/// <param name="Decode">Decode path by name, or <c>auto</c> (<c>--decode</c>); a path that cannot run is an error.</param>
/// <param name="KernelDirectory">Folder whose PTX files replace the embedded ones (<c>--kernels</c>), or null.</param>
/// <param name="LaunchByLaunch">
/// Whether every kernel is waited for and nothing is replayed as a graph, so that a fault names its kernel; slow, for finding one.
/// </param>
public sealed record BackendOptions(int Device = 0, string Decode = "auto", string? KernelDirectory = null, bool LaunchByLaunch = false);
