using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Checkpoints;

/// <summary>
/// A packed matrix as a checkpoint of <c>quantize</c> holds it: <c>NAME.codes</c> U8 [rows, bytes of a row], <c>NAME.scales</c> F16 or
/// F32 [rows, groups] and <c>NAME.minima</c> F16 [rows, groups], the bytes of <see cref="PackedLayout"/>.
/// </summary>
/// <param name="Codes">The codes.</param>
/// <param name="Scales">The scales; null for FP16.</param>
/// <param name="Minima">The minima; null in symmetric formats.</param>
public sealed record StoredMatrix(CheckpointTensor Codes, CheckpointTensor? Scales, CheckpointTensor? Minima)
{
    /// <summary>The tensors of a packed matrix: name, type and shape.</summary>
    internal static IEnumerable<(string Name, string TypeName, long[] Shape)> Tensors(string name, PackedLayout layout)
    {
        yield return (CodesOf(name), "U8", [layout.Rows, layout.CodeRowBytes]);
        if (layout.ScaleBytes > 0)
        {
            yield return (ScalesOf(name), layout.IsGrouped ? "F16" : "F32", [layout.Rows, layout.GroupsPerRow]);
        }

        if (layout.MinimumBytes > 0)
        {
            yield return (MinimaOf(name), "F16", [layout.Rows, layout.GroupsPerRow]);
        }
    }

    /// <summary>The matrix of a name, or null where its codes are not there.</summary>
    internal static StoredMatrix? Find(IReadOnlyDictionary<string, CheckpointTensor> tensors, string name) =>
        tensors.TryGetValue(CodesOf(name), out CheckpointTensor? codes)
            ? new(codes, tensors.GetValueOrDefault(ScalesOf(name)), tensors.GetValueOrDefault(MinimaOf(name)))
            : null;

    /// <summary>Copies everything into a matrix of the same layout.</summary>
    /// <exception cref="ModelFormatException">A scale or minimum is not finite, or an 8-bit code is −128.</exception>
    public unsafe void CopyTo(PackedMatrix matrix)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        matrix.SetParts(Bytes(Codes), Bytes(Scales), Bytes(Minima), $"Tensor '{Codes.Name}' of {Codes.File}");

        static ReadOnlySpan<byte> Bytes(CheckpointTensor? tensor) =>
            tensor is null ? [] : new ReadOnlySpan<byte>(tensor.Data, checked((int)tensor.ByteLength));
    }

    private static string CodesOf(string name) => name + ".codes";

    private static string ScalesOf(string name) => name + ".scales";

    private static string MinimaOf(string name) => name + ".minima";
}
