namespace GptQuantBench.Reporting.Figures;

/// <summary>Division that never makes up a figure.</summary>
public static class Ratio
{
    /// <summary>The quotient; null where an input is missing, the divisor is 0, or the quotient is no finite number.</summary>
    public static double? Of(double? dividend, double? divisor) => Finite(divisor == 0 ? null : dividend / divisor);

    /// <summary>The value; null for NaN and infinity.</summary>
    internal static double? Finite(double? value) => value is { } number && double.IsFinite(number) ? number : null;
}
