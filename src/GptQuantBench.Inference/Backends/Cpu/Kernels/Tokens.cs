namespace GptQuantBench.Inference.Backends.Cpu.Kernels;

/// <summary>The numbers of inputs that kernels are compiled for.</summary>
internal static class Tokens
{
    /// <summary>The most that <see cref="CpuKernel.Multiply"/> takes at once: their sums and what those are made of just fit 16 registers.</summary>
    public const int Most = 6;

    /// <summary>The most that <see cref="CpuKernel.MultiplyPanel"/> takes, where there are 32 registers.</summary>
    public const int MostInPanels = 12;

    internal readonly struct One : ITokenCount
    {
        public static int Value => 1;
    }

    internal readonly struct Two : ITokenCount
    {
        public static int Value => 2;
    }

    internal readonly struct Three : ITokenCount
    {
        public static int Value => 3;
    }

    internal readonly struct Four : ITokenCount
    {
        public static int Value => 4;
    }

    internal readonly struct Five : ITokenCount
    {
        public static int Value => 5;
    }

    internal readonly struct Six : ITokenCount
    {
        public static int Value => Most;
    }

    internal readonly struct Twelve : ITokenCount
    {
        public static int Value => MostInPanels;
    }
}
