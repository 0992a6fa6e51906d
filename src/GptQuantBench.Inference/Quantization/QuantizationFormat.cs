using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Quantization;

/// <summary>
/// How the matrices of a model are stored; biases and norms stay FP32, positions FP16, in every format. Scales are FP32 where the
/// whole row shares one, else FP16.
/// </summary>
public sealed record QuantizationFormat
{
    /// <summary>The whole row is one group.</summary>
    public const int WholeRow = 0;

    /// <summary>Bits of one code: 16 (FP16, no codes), 8 or 4.</summary>
    public required int Bits { get; init; }

    /// <summary>Inputs that share a scale, along the input dimension; <see cref="WholeRow"/> for one scale per output.</summary>
    public int GroupSize { get; init; } = WholeRow;

    /// <summary>True: value = scale × code; false: value = scale × code + minimum.</summary>
    public bool IsSymmetric { get; init; } = true;

    /// <summary>How scales and codes are found; does not change where they lie.</summary>
    public ScaleSearch Search { get; init; }

    /// <summary>True: the token embedding, which is the output head too, is stored as <see cref="EightBit"/> whatever the layers are.</summary>
    public bool HasEightBitHead { get; init; }

    /// <summary>The baseline.</summary>
    public static QuantizationFormat Fp16 { get; } = new() { Bits = 16 };

    /// <summary>8-bit: int8 codes −127…127, one FP32 scale per output channel (absolute maximum / 127).</summary>
    public static QuantizationFormat EightBit { get; } = new() { Bits = 8 };

    /// <summary>
    /// 4-bit: groups of 32 inputs, FP16 scale, codes −8…7 stored as 0…15 (the layout of llama.cpp's Q4_0), with the scale of least
    /// squared error. docs/quality.md has what it was chosen against.
    /// </summary>
    public static QuantizationFormat FourBit { get; } = new() { Bits = 4, GroupSize = 32, Search = ScaleSearch.LeastSquares };

    /// <summary>
    /// One format of each packed layout, with plain rounding, those of the main job's formats first. Searched scales, compensated
    /// codes and an 8-bit head lie in the same layouts.
    /// </summary>
    public static IReadOnlyList<QuantizationFormat> All { get; } =
    [
        Fp16,
        EightBit,
        FourBit with { Search = ScaleSearch.Plain },
        Grouped(4, 32, isSymmetric: false),
        Grouped(4, 64, isSymmetric: true),
        Grouped(4, 64, isSymmetric: false),
        Grouped(4, 128, isSymmetric: true),
        Grouped(4, 128, isSymmetric: false),
        Grouped(8, 32, isSymmetric: true),
        Grouped(8, 64, isSymmetric: true),
        Grouped(8, 128, isSymmetric: true),
    ];

    /// <summary>Every format that a load can make of F32, F16 or BF16 weights, without calibration.</summary>
    public static IReadOnlyList<QuantizationFormat> Loadable =>
        [.. QuantizationName.Existing.Where(format => format.Search != ScaleSearch.Compensated)];

    /// <summary>
    /// What tables and <c>results[].quantization</c> show: <c>FP16</c>, <c>8-bit</c>, <c>4-bit</c> for the formats of the main job,
    /// else <see cref="Name"/>.
    /// </summary>
    public string Label =>
        this == Fp16 ? "FP16" : this == EightBit ? "8-bit" : this == FourBit ? "4-bit" : Name;

    /// <summary>
    /// Complete name without figures of size: <c>fp16</c>, else <c>int{bits}-{row|g32|g64|g128}-{sym|asym}</c>, with <c>+mse</c> or
    /// <c>+gptq</c> after it for the search, and <c>+head8</c> for an 8-bit head, e.g. <c>int4-g64-asym+mse+head8</c>.
    /// </summary>
    public string Name => QuantizationName.Of(this);

    /// <summary>The format with plain rounding whose layout the matrices of the layers have.</summary>
    public QuantizationFormat Layout => this with { Search = ScaleSearch.Plain, HasEightBitHead = false };

    /// <summary>The format of a label or a complete name, whatever its case.</summary>
    /// <exception cref="ModelFormatException">No format has that name; the message has the nearest one where one is near.</exception>
    public static QuantizationFormat Parse(string text) => QuantizationName.Parse(text);

    /// <summary>The format that a matrix or embedding is held in when the model is loaded in this format.</summary>
    public QuantizationFormat Of(WeightSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return spec.Role switch
        {
            WeightRole.PositionEmbedding => Fp16,
            WeightRole.TokenEmbedding when HasEightBitHead => EightBit,
            _ => this with { HasEightBitHead = false },
        };
    }

    /// <summary>Exact bits that one weight of a layer costs in a row of this length: codes with their padding, scales, minima.</summary>
    public double BitsPerWeight(int columns) => 8.0 * new PackedLayout(this, 1, columns).TotalBytes / columns;

    /// <summary>Exact bits that one weight costs on average over the matrices that are quantised, of all weights of a model.</summary>
    public double BitsPerWeight(IEnumerable<WeightSpec> weights)
    {
        WeightSpec[] quantized = [.. weights.Where(weight => weight.Role is WeightRole.Matrix or WeightRole.TokenEmbedding)];
        return 8.0 * quantized.Sum(weight => Of(weight).Bytes(weight.OutputCount, weight.InputCount)) / quantized.Sum(weight => weight.Count);
    }

    /// <summary>Exact bytes of a packed matrix [rows, columns] of a layer.</summary>
    public long Bytes(int rows, int columns) => new PackedLayout(this, rows, columns).TotalBytes;

    /// <inheritdoc />
    public override string ToString() => Label;

    private static QuantizationFormat Grouped(int bits, int groupSize, bool isSymmetric) =>
        new() { Bits = bits, GroupSize = groupSize, IsSymmetric = isSymmetric };
}
