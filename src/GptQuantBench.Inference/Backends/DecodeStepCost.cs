namespace GptQuantBench.Inference.Backends;

/// <summary>What a decode step on a device costs beside its arithmetic.</summary>
/// <param name="Launches">Kernels, copies and fills that the device runs for one sampled id; counted, not estimated.</param>
/// <param name="HostTime">
/// Time that the host needs to queue one step, mean over the last generation; zero where it queued none. Where the queue is full the host
/// waits for the device, and the figure is the device's.
/// </param>
public sealed record DecodeStepCost(int Launches, TimeSpan HostTime);
