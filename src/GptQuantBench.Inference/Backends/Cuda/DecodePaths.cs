using GptQuantBench.Cuda;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>The decode paths by name.</summary>
internal static class DecodePaths
{
    private const string Auto = "auto";

    private static readonly (string Name, DecodePath Path)[] _all =
        [("eager", DecodePath.Eager), ("cublas", DecodePath.CuBlas), ("graph", DecodePath.Graph), ("persistent", DecodePath.Persistent)];

    /// <summary>What <c>auto</c> takes: one kernel for all steps where it runs the model, else a graph of kernels.</summary>
    public static DecodePath Default(ModelConfiguration configuration, QuantizationFormat format, CudaDevice device) =>
        PersistentKernel.Refusal(configuration, format, device) is null ? DecodePath.Persistent : DecodePath.Graph;

    /// <summary>Whether a choice may lead to a path: it names that path, or is <c>auto</c>.</summary>
    public static bool MayBe(string name, DecodePath path) => Find(name) == path || IsAuto(name);

    /// <summary>The name of a path.</summary>
    public static string Name(DecodePath path) => _all.First(entry => entry.Path == path).Name;

    /// <summary>Whether there is a path of a name, or it is <c>auto</c>.</summary>
    public static bool IsKnown(string name) => IsAuto(name) || Find(name) is not null;

    /// <summary>The path of a name.</summary>
    /// <returns>Null where no path has that name; <c>auto</c> is none.</returns>
    public static DecodePath? Find(string name) =>
        _all.Where(entry => entry.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(entry => (DecodePath?)entry.Path).FirstOrDefault();

    /// <summary>Names of the paths that run a format here.</summary>
    public static IReadOnlyList<string> Of(QuantizationFormat format) =>
        [.. _all.Where(entry => entry.Path != DecodePath.CuBlas || (format.Bits == 16 && CudaBlas.TryLoad(out _))).Select(entry => entry.Name)];

    /// <summary>One sentence for a name that no path has.</summary>
    public static string Unknown(string name) =>
        $"The CUDA backend has no decode path {Quoted.Text(name)}; choose {Auto}, {string.Join(", ", _all[..^1].Select(entry => entry.Name))} or {_all[^1].Name}.";

    /// <summary>The path of a name, checked against the model, the format and the machine.</summary>
    /// <exception cref="ModelFormatException">There is no such path, or it cannot run.</exception>
    public static DecodePath Require(string name, ModelConfiguration configuration, QuantizationFormat format, CudaDevice device)
    {
        if (IsAuto(name))
        {
            return Default(configuration, format, device);
        }

        DecodePath path = Find(name) ?? throw new ModelFormatException(Unknown(name));
        if (path == DecodePath.Persistent && PersistentKernel.Refusal(configuration, format, device) is { } refusal)
        {
            throw new ModelFormatException(refusal);
        }

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

    private static bool IsAuto(string name) => name.Equals(Auto, StringComparison.OrdinalIgnoreCase);
}
