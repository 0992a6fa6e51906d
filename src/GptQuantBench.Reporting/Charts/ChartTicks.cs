using System.Globalization;

namespace GptQuantBench.Reporting.Charts;

/// <summary>Numbers at axes.</summary>
internal static class ChartTicks
{
    /// <summary>A round number without needless digits, whatever the machine's language.</summary>
    public static string Text(double value) => value.ToString("0.######", CultureInfo.InvariantCulture);
}
