using System.Globalization;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Figures;

/// <summary>
/// What a run says about its machine, model by model, in sentences: a chat answer, batch work, how many models fit, which format for
/// which use, and why. Every number follows from the report; what was not measured is not said.
/// </summary>
public static class RunFindings
{
    /// <summary>Largest rise of the perplexity over FP16 that is called small here.</summary>
    public const double SmallLoss = 0.01;

    private static readonly CultureInfo _culture = CultureInfo.InvariantCulture;

    /// <summary>The sentences, in reading order.</summary>
    public static IReadOnlyList<string> Of(RunReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        Dictionary<CaseResult, CaseComparison> comparisons = new(ReferenceEqualityComparer.Instance);
        foreach (CaseComparison comparison in CaseComparison.Of(report))
        {
            comparisons[comparison.Case] = comparison;
        }

        return
        [
            .. report.Results
                .Where(result => result.Success)
                .GroupBy(result => (result.ModelName, result.Backend, result.Device, result.Decode))
                .SelectMany(group => Sentences(
                    group.Key.ModelName,
                    [.. group.Select(result => CaseLessons.Of(result, report.Metadata))],
                    [.. group.Select(result => comparisons.GetValueOrDefault(result)).OfType<CaseComparison>().Where(comparison => comparison.Baseline is not null)])),
            .. comparisons.Keys.Any(result => result.Success && result.Weights == WeightKind.Synthetic)
                ? new[] { "What the formats cost in quality can't be seen on synthetic weights: measure it on the trained model before choosing one." }
                : [],
        ];
    }

    private static IEnumerable<string> Sentences(string model, CaseLessons[] cases, CaseComparison[] quantized) => new[]
    {
        Work(model, string.Create(_culture, $"a chat answer of {CaseLessons.ChatTokens} tokens takes"), "the fastest", cases, lesson => -lesson.ChatAnswerSec, value => FigureFormat.Time(-value)),
        Work(model, string.Create(_culture, $"{CaseLessons.BatchTexts} texts of {CaseLessons.BatchTokens} tokens, one after the other, take"), "the fastest", cases, lesson => -lesson.BatchWorkHours * 3600, value => FigureFormat.Time(-value)),
        Work(model, "copies that fit into the memory:", "the most", cases, lesson => lesson.ModelsThatFit, value => FigureFormat.Count((long)value)),
        Choice(model, quantized),
        Quality(model, quantized),
        Why(model, quantized),
    }.OfType<string>();

    /// <summary>A figure in FP16, or in the first format where FP16 is missing, and in the format where it is best.</summary>
    private static string? Work(string model, string what, string superlative, CaseLessons[] cases, Func<CaseLessons, double?> merit, Func<double, string> format)
    {
        CaseLessons[] known = [.. cases.Where(lesson => merit(lesson) is not null)];
        if (known.Length == 0)
        {
            return null;
        }

        CaseLessons first = known.FirstOrDefault(lesson => lesson.Case.Quantization == CaseComparison.BaselineQuantization) ?? known[0];
        CaseLessons best = known.MaxBy(merit)!;
        string sentence = $"{model}: {what} {format(merit(first)!.Value)} in {first.Case.Quantization}";
        return known.Length == 1 ? sentence + "."
            : merit(best) == merit(first) ? $"{sentence}, {superlative}."
            : $"{sentence}, {format(merit(best)!.Value)} in {best.Case.Quantization}, {superlative}.";
    }

    /// <summary>Which format for which use, as far as speed and memory decide.</summary>
    private static string? Choice(string model, CaseComparison[] quantized)
    {
        CaseComparison? fastest = quantized.Where(comparison => comparison.Speedup is not null).MaxBy(comparison => comparison.Speedup);
        CaseComparison? smallest = quantized.Where(comparison => comparison.MemorySaved is not null).MaxBy(comparison => comparison.MemorySaved);
        string? speed = fastest is null ? null
            : fastest.Speedup > 1 ? $"for speed {fastest.Case.Quantization} ({FigureFormat.Times(fastest.Speedup)} FP16)"
            : $"for speed FP16 (the fastest other, {fastest.Case.Quantization}, reaches {FigureFormat.Times(fastest.Speedup)})";
        string? memory = smallest is null ? null
            : smallest.MemorySaved > 0 ? $"for memory {smallest.Case.Quantization} ({FigureFormat.Percent(smallest.MemorySaved)} saved)"
            : "for memory FP16 (no format is smaller)";
        string[] uses = [.. new[] { speed, memory }.OfType<string>()];
        return uses.Length == 0 ? null : $"{model}: {string.Join(", ", uses)}.";
    }

    private static string? Quality(string model, CaseComparison[] quantized)
    {
        CaseComparison[] known = [.. quantized.Where(comparison => comparison.PerplexityChange is not null)];
        if (known.Length == 0)
        {
            return null;
        }

        string costs = string.Join(", ", known.Select(comparison => $"{comparison.Case.Quantization} {FigureFormat.Change(comparison.PerplexityChange)}"));
        CaseComparison? smallest = known
            .Where(comparison => comparison.PerplexityChange <= SmallLoss && comparison.MemorySaved > 0)
            .MaxBy(comparison => comparison.MemorySaved);
        string advice = smallest is null
            ? string.Create(_culture, $"no smaller format stays within {SmallLoss * 100:0.#}%")
            : string.Create(_culture, $"{smallest.Case.Quantization} is the smallest format within {SmallLoss * 100:0.#}%");
        return $"{model}: perplexity against FP16: {costs}; {advice}.";
    }

    /// <summary>The speedup that bytes and bandwidth predict beside the one reached, for the format that promises most.</summary>
    private static string? Why(string model, CaseComparison[] quantized)
    {
        CaseComparison? boldest = quantized
            .Where(comparison => comparison.PredictedSpeedup is not null && comparison.Speedup is not null && Ratio.Finite(comparison.Case.Roofline?.Fraction) is not null)
            .MaxBy(comparison => comparison.PredictedSpeedup);
        return boldest is null ? null
            : $"{model}: {boldest.Case.Quantization} reads so few bytes that it could be {FigureFormat.Times(boldest.PredictedSpeedup)} as fast as FP16; "
                + $"it reached {FigureFormat.Times(boldest.Speedup)}, with {FigureFormat.Percent(boldest.Case.Roofline!.Fraction)} of a token's time spent on reading.";
    }
}
