namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>One struct that is the only parameter of a kernel.</summary>
/// <typeparam name="T">The struct, laid out as in the kernel's source.</typeparam>
/// <param name="Value">The argument.</param>
internal readonly record struct Parameter<T>(T Value)
    where T : unmanaged;
