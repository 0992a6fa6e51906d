namespace GptQuantBench.Inference.Backends.Cpu.Kernels;

/// <summary>A number of inputs as a type, so that a kernel is compiled for each with its sums in registers.</summary>
internal interface ITokenCount
{
    static abstract int Value { get; }
}
