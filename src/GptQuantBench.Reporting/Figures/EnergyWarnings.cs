using System.Globalization;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Figures;

/// <summary>What in a device's state makes the figures of a case doubtful.</summary>
public static class EnergyWarnings
{
    /// <summary>A clock that moves by more than this share of its highest reading is worth a warning.</summary>
    public const double ClockTolerance = 0.02;

    /// <summary>One sentence for each; none where all is well or nothing was measured.</summary>
    public static IEnumerable<string> Of(CaseResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return Sentences();

        IEnumerable<string> Sentences()
        {
            string name = $"{result.ModelName} {result.Quantization}";
            if (ClockMoved(result.Energy?.SmMhz) is { } moved and > ClockTolerance)
            {
                yield return string.Create(
                    CultureInfo.InvariantCulture,
                    $"{name}: the SM clock moved by {moved * 100:F1}% ({result.Energy!.SmMhz!.Min} to {result.Energy.SmMhz.Max} MHz) under load; "
                    + $"its figures may not come again.");
            }

            if (result.Energy is { ThrottleReasons: { Count: > 0 } reasons })
            {
                yield return $"{name}: the GPU was held back by {string.Join(", ", reasons)}; its figures may not come again.";
            }
        }
    }

    /// <summary>(highest − lowest) / highest reading; null without readings.</summary>
    public static double? ClockMoved(ClockRange? clock) => Ratio.Of(clock?.Max - clock?.Min, clock?.Max);
}
