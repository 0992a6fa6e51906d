namespace GptQuantBench.Reporting.Tables;

/// <summary>A column's heading.</summary>
/// <param name="Heading">Short, with the unit.</param>
/// <param name="IsNumeric">True: aligned to the right.</param>
public readonly record struct ReportColumn(string Heading, bool IsNumeric)
{
    /// <summary>A column of words.</summary>
    internal static ReportColumn Text(string heading) => new(heading, false);

    /// <summary>A column of numbers.</summary>
    internal static ReportColumn Number(string heading) => new(heading, true);
}
