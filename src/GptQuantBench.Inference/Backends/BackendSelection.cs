namespace GptQuantBench.Inference.Backends;

/// <summary>What a user's choice of backend came to.</summary>
/// <param name="Backend">The backend that runs; null where none can.</param>
/// <param name="Device">Name of its device, where known.</param>
/// <param name="Notice">One line that says why this backend was taken, where the user did not name it, and what is particular about its device; null for neither.</param>
/// <param name="Error">Why none can run, in one sentence for the user; null where one can.</param>
public sealed record BackendSelection(IBackend? Backend, string? Device, string? Notice, string? Error);
