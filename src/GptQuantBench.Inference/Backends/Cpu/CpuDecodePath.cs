using GptQuantBench.Inference.Backends.Cpu.Kernels;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>The decode paths of the CPU backend by name: how weights and activations are multiplied.</summary>
internal static class CpuDecodePath
{
    /// <summary>What <c>auto</c> takes.</summary>
    public static Products Default(QuantizationFormat format) => format.Bits < 16 ? Products.Integer : Products.Float;

    /// <summary>The name in reports.</summary>
    public static string Name(CpuKernel kernel, Products products) => $"{kernel.Name}-{Name(products)}";

    /// <summary>One sentence where the CPU backend has no such path, else null.</summary>
    public static string? FindError(string decode) => decode is "auto" or "float" or "integer"
        ? null
        : $"The CPU backend has no decode path '{decode}'; choose auto, float or integer, or a backend that has it.";

    /// <summary>The path of a name for a format.</summary>
    /// <exception cref="ModelFormatException">There is none.</exception>
    public static Products Require(string decode, QuantizationFormat format)
    {
        return FindError(decode) is { } error
            ? throw new ModelFormatException(error)
            : decode switch
            {
                "float" => Products.Float,
                "integer" when format.Bits == 16 => throw new ModelFormatException(
                    $"The decode path 'integer' multiplies integer codes, which {format.Label} does not have; choose auto or float."),
                "integer" => Products.Integer,
                _ => Default(format),
            };
    }

    private static string Name(Products products) => products == Products.Integer ? "integer" : "float";
}
