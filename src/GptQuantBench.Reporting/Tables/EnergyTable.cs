using System.Globalization;
using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Tables;

/// <summary>Energy of a token, and how the device ran meanwhile.</summary>
public static class EnergyTable
{
    /// <summary>The table; null where no case has energy.</summary>
    public static ReportTable? Of(RunReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        CaseResult[] results = [.. CaseRows.Succeeded(report).Where(result => result.Energy is not null)];
        return results.Length == 0 ? null : new ReportTable
        {
            Title = "Energy",
            Columns =
            [
                .. CaseRows.NameColumns,
                ReportColumn.Number("J/token"),
                ReportColumn.Number("Power(W)"),
                ReportColumn.Number("SM(MHz)"),
                ReportColumn.Number("Memory(MHz)"),
                ReportColumn.Number("°C"),
                ReportColumn.Text("Held back by"),
            ],
            Rows = [.. results.Select(result => Row(result, result.Energy!))],
            Notes = ["Of the whole device, idle power included, while the case's generation ran again and again."],
        };
    }

    private static IReadOnlyList<ReportCell> Row(CaseResult result, EnergyRecord energy) => CaseRows.Row(
        result,
        new(FigureFormat.Number(energy.JoulesPerToken)),
        new(FigureFormat.Number(energy.MeanPowerWatts)),
        new(Range(energy.SmMhz)),
        new(Range(energy.MemoryMhz)),
        new(FigureFormat.Count(energy.MaxTemperatureC)),
        energy.ThrottleReasons.Count == 0 ? new("nothing") : new(string.Join(", ", energy.ThrottleReasons), CellTone.Bad));

    private static string Range(ClockRange? clock) => clock switch
    {
        null => FigureFormat.Missing,
        { Min: { } min, Max: { } max } when min != max => string.Create(CultureInfo.InvariantCulture, $"{min}-{max}"),
        _ => FigureFormat.Count(clock.Max),
    };
}
