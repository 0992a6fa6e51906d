using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>The decode paths of the CPU backend by name: how weights and activations are multiplied.</summary>
internal static class CpuDecodePath
{
    /// <summary>What <c>auto</c> takes.</summary>
    public static Products Default(CpuKernel kernel, QuantizationFormat format) =>
        format.Bits < 16 && kernel.PrefersInteger ? Products.Int16 : Products.Float;

    /// <summary>The name in reports.</summary>
    public static string Name(CpuKernel kernel, Products products) => $"{kernel.Name}-{Name(products)}";

    /// <summary>One sentence where the CPU backend has no such path, else null.</summary>
    public static string? FindError(string decode) => decode is "auto" or "float" or "int16"
        ? null
        : $"The CPU backend has no decode path '{decode}'; choose auto, float or int16, or a backend that has it.";

    /// <summary>The path of a name for a format.</summary>
    /// <exception cref="ModelFormatException">There is none.</exception>
    public static Products Require(string decode, CpuKernel kernel, QuantizationFormat format)
    {
        return FindError(decode) is { } error
            ? throw new ModelFormatException(error)
            : decode switch
            {
                "float" => Products.Float,
                "int16" when format.Bits == 16 => throw new ModelFormatException(
                    $"The decode path 'int16' multiplies integer codes, which {format.Label} does not have; choose auto or float."),
                "int16" => Products.Int16,
                _ => Default(kernel, format),
            };
    }

    private static string Name(Products products) => products == Products.Int16 ? "int16" : "float";
}
