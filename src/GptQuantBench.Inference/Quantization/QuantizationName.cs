using System.Globalization;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Quantization;

/// <summary>The grammar of format names, both ways.</summary>
internal static class QuantizationName
{
    private const string EightBitHead = "head8";

    private static readonly (string Name, ScaleSearch Search)[] _searches =
        [("mse", ScaleSearch.LeastSquares), ("gptq", ScaleSearch.Compensated)];

    private static readonly Lazy<QuantizationFormat[]> _existing = new(() => [.. QuantizationFormat.All.SelectMany(Variants)]);

    /// <summary>Every format that exists.</summary>
    public static IReadOnlyList<QuantizationFormat> Existing => _existing.Value;

    /// <summary>The complete name.</summary>
    public static string Of(QuantizationFormat format)
    {
        if (format.Bits == 16)
        {
            return "fp16";
        }

        string group = format.GroupSize == QuantizationFormat.WholeRow
            ? "row"
            : string.Create(CultureInfo.InvariantCulture, $"g{format.GroupSize}");
        string search = _searches.Where(known => known.Search == format.Search).Select(known => "+" + known.Name).FirstOrDefault("");
        string head = format.HasEightBitHead ? "+" + EightBitHead : "";
        return string.Create(CultureInfo.InvariantCulture, $"int{format.Bits}-{group}-{(format.IsSymmetric ? "sym" : "asym")}{search}{head}");
    }

    /// <summary>The format of a label or a complete name, whatever its case.</summary>
    /// <exception cref="ModelFormatException">No format has that name.</exception>
    public static QuantizationFormat Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string wanted = text.Trim();
        QuantizationFormat? found = _existing.Value.FirstOrDefault(format =>
            wanted.Equals(format.Label, StringComparison.OrdinalIgnoreCase) || wanted.Equals(format.Name, StringComparison.OrdinalIgnoreCase));
        if (found is not null)
        {
            return found;
        }

        // What belongs together but is not offered deserves its reason rather than a near match.
        string? reason = wanted.ToLowerInvariant() switch
        {
            var name when name.StartsWith("int4-row", StringComparison.Ordinal) => "4-bit codes share a scale in groups of 32, 64 or 128",
            var name when name.StartsWith("int8", StringComparison.Ordinal) && name.Contains("-asym", StringComparison.Ordinal) => "8-bit codes are symmetric",
            var name when name.StartsWith("int8", StringComparison.Ordinal) && name.Contains('+', StringComparison.Ordinal) =>
                "8-bit codes are rounded plainly, the head's too",
            _ => null,
        };
        string hint = reason is null
            ? NearMatch.Hint(wanted, _existing.Value.SelectMany(format => new[] { format.Label, format.Name }))
            : $": {reason}";
        throw new ModelFormatException(
            $"There is no quantization {Quoted.Text(text)}{hint}; choose one of FP16, 8-bit, 4-bit, "
            + "or a complete name such as int4-g64-asym+mse+head8.");
    }

    private static IEnumerable<QuantizationFormat> Variants(QuantizationFormat plain)
    {
        yield return plain;
        if (plain.Bits != 4)
        {
            yield break;
        }

        yield return plain with { HasEightBitHead = true };
        foreach ((_, ScaleSearch search) in _searches)
        {
            yield return plain with { Search = search };
            yield return plain with { Search = search, HasEightBitHead = true };
        }
    }
}
