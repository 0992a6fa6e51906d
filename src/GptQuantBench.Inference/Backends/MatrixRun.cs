namespace GptQuantBench.Inference.Backends;

/// <summary>What a call of <see cref="IMatrixBench.Run"/> did.</summary>
/// <param name="Products">Products.</param>
/// <param name="DeviceSeconds">Their time by the device's own clock; null where the host's clock is the device's.</param>
public readonly record struct MatrixRun(int Products, double? DeviceSeconds);
