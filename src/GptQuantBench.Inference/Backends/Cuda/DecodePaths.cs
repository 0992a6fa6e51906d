using GptQuantBench.Cuda;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>The decode paths by name.</summary>
internal static class DecodePaths
{
    /// <summary>What <c>auto</c> takes.</summary>
    public const DecodePath Default = DecodePath.Graph;

    private const string Auto = "auto";

    private static readonly (string Name, DecodePath Path)[] _all =
        [("eager", DecodePath.Eager), ("cublas", DecodePath.CuBlas), ("graph", DecodePath.Graph)];

    /// <summary>The name of a path.</summary>
    public static string Name(DecodePath path) => _all.First(entry => entry.Path == path).Name;

    /// <summary>The path of a name; <c>auto</c> is the fastest that runs everywhere.</summary>
    /// <param name="name">What the user asked for.</param>
    /// <returns>The path, or null where no path has that name.</returns>
    public static DecodePath? Find(string name) => name.Equals(Auto, StringComparison.OrdinalIgnoreCase)
        ? Default
        : _all.Where(entry => entry.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(entry => (DecodePath?)entry.Path).FirstOrDefault();

    /// <summary>Names of the paths that run a format here.</summary>
    public static IReadOnlyList<string> Of(QuantizationFormat format) =>
        [.. _all.Where(entry => entry.Path != DecodePath.CuBlas || (format.Bits == 16 && CudaBlas.TryLoad(out _))).Select(entry => entry.Name)];

    /// <summary>One sentence for a name that no path has.</summary>
    public static string Unknown(string name) =>
        $"The CUDA backend has no decode path {Quoted.Text(name)}; choose {Auto}, {string.Join(", ", _all[..^1].Select(entry => entry.Name))} or {_all[^1].Name}.";

    /// <summary>The path of a name, checked against the format and the machine.</summary>
    /// <exception cref="ModelFormatException">There is no such path, or it cannot run.</exception>
    public static DecodePath Require(string name, QuantizationFormat format)
    {
        DecodePath path = Find(name) ?? throw new ModelFormatException(Unknown(name));
        if (path == DecodePath.CuBlas)
        {
            if (format.Bits != 16)
            {
                throw new ModelFormatException($"The decode path cublas multiplies FP16 weights, not {format.Label}; choose FP16, or the decode path graph.");
            }

            if (!CudaBlas.TryLoad(out string? reason))
            {
                throw new ModelFormatException(reason);
            }
        }

        return path;
    }
}
