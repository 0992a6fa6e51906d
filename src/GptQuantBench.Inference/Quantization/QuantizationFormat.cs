using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Quantization;

/// <summary>How the matrices of a model are stored; biases and norms stay FP32, positions FP16, in every format.</summary>
public sealed record QuantizationFormat
{
    /// <summary>The whole row is one group.</summary>
    public const int WholeRow = 0;

    /// <summary>
    /// What tables and <c>results[].quantization</c> show: <c>FP16</c>, <c>8-bit</c>, <c>4-bit</c>, or <see cref="Name"/>.
    /// </summary>
    public required string Label { get; init; }

    /// <summary>Complete name without figures of size, e.g. <c>fp16</c>, <c>int8-row-sym</c>, <c>int4-g32-sym</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Bits of one code: 16 (FP16, no codes), 8 or 4.</summary>
    public required int Bits { get; init; }

    /// <summary>Inputs that share a scale, along the input dimension; <see cref="WholeRow"/> for one scale per output.</summary>
    public int GroupSize { get; init; } = WholeRow;

    /// <summary>True: value = scale × code; false: value = scale × code + minimum.</summary>
    public bool IsSymmetric { get; init; } = true;

    /// <summary>The baseline.</summary>
    public static QuantizationFormat Fp16 { get; } = new() { Label = "FP16", Name = "fp16", Bits = 16 };

    /// <summary>8-bit: int8 codes −127…127, one FP32 scale per output channel (absolute maximum / 127).</summary>
    public static QuantizationFormat EightBit { get; } = new() { Label = "8-bit", Name = "int8-row-sym", Bits = 8 };

    /// <summary>
    /// 4-bit: groups of 32 inputs, FP16 scale = (value of largest magnitude, with its sign) / −8, codes −8…7 stored as 0…15
    /// (the rule of llama.cpp's Q4_0).
    /// </summary>
    public static QuantizationFormat FourBit { get; } = new() { Label = "4-bit", Name = "int4-g32-sym", Bits = 4, GroupSize = 32 };

    /// <summary>Every format that <see cref="Parse"/> knows, the three of the main job first.</summary>
    public static IReadOnlyList<QuantizationFormat> All { get; } =
    [
        Fp16,
        EightBit,
        FourBit,
        Grouped(4, 32, isSymmetric: false),
        Grouped(4, 64, isSymmetric: true),
        Grouped(4, 64, isSymmetric: false),
        Grouped(4, 128, isSymmetric: true),
        Grouped(4, 128, isSymmetric: false),
        Grouped(8, 32, isSymmetric: true),
        Grouped(8, 64, isSymmetric: true),
        Grouped(8, 128, isSymmetric: true),
    ];

    /// <summary>The format of a label or a complete name, whatever its case.</summary>
    /// <exception cref="ModelFormatException">No format has that name; the message has the nearest one where one is near.</exception>
    public static QuantizationFormat Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string wanted = text.Trim();
        foreach (QuantizationFormat format in All)
        {
            if (wanted.Equals(format.Label, StringComparison.OrdinalIgnoreCase)
                || wanted.Equals(format.Name, StringComparison.OrdinalIgnoreCase))
            {
                return format;
            }
        }

        string hint = NearMatch.Hint(wanted, All.SelectMany(format => new[] { format.Label, format.Name }));
        throw new ModelFormatException(
            $"There is no quantization {Quoted.Text(text)}{hint}; choose one of {string.Join(", ", All.Select(format => format.Label))}.");
    }

    /// <summary>Exact bits that one weight costs in a row of this length: codes with their padding, scales, minima.</summary>
    public double BitsPerWeight(int columns) => 8.0 * new PackedLayout(this, 1, columns).TotalBytes / columns;

    /// <summary>Exact bits that one weight costs on average over the matrices that are quantised, of all weights of a model.</summary>
    public double BitsPerWeight(IEnumerable<WeightSpec> weights)
    {
        WeightSpec[] quantized = [.. weights.Where(weight => weight.Role is WeightRole.Matrix or WeightRole.TokenEmbedding)];
        return 8.0 * quantized.Sum(weight => Bytes(weight.OutputCount, weight.InputCount)) / quantized.Sum(weight => weight.Count);
    }

    /// <summary>Exact bytes of a packed matrix [rows, columns].</summary>
    public long Bytes(int rows, int columns) => new PackedLayout(this, rows, columns).TotalBytes;

    /// <inheritdoc />
    public override string ToString() => Label;

    private static QuantizationFormat Grouped(int bits, int groupSize, bool isSymmetric)
    {
        string name = $"int{bits}-g{groupSize}-{(isSymmetric ? "sym" : "asym")}";
        return new() { Label = name, Name = name, Bits = bits, GroupSize = groupSize, IsSymmetric = isSymmetric };
    }
}
