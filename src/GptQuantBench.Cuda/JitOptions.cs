namespace GptQuantBench.Cuda;

/// <summary>How PTX becomes machine code.</summary>
/// <param name="MaxRegisters">Registers per thread at most; null leaves it to the PTX.</param>
/// <param name="GenerateLineInfo">Whether profilers see source lines.</param>
public sealed record JitOptions(int? MaxRegisters = null, bool GenerateLineInfo = false);
