using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Charts;

/// <summary>The cases of a report as charts group and name them.</summary>
internal sealed class ChartCases
{
    private const string Samples = "Bars: medians. Whiskers: smallest and largest sample.";

    private readonly bool _hasSeveralDevices;

    public ChartCases(RunReport report)
    {
        Report = report;
        _hasSeveralDevices = Devices(report).Length > 1;
        Colors = new FormatColors(report.Results.Select(result => result.Quantization));
        Groups = [.. report.Results.GroupBy(Heading)];
    }

    /// <summary>The report.</summary>
    public RunReport Report { get; }

    /// <summary>Colours of its formats.</summary>
    public FormatColors Colors { get; }

    /// <summary>Its cases by model, and by device where there are several.</summary>
    public IReadOnlyList<IGrouping<string, CaseResult>> Groups { get; }

    /// <summary>The cases that have figures.</summary>
    public IEnumerable<CaseResult> Succeeded => Report.Results.Where(result => result.Success);

    /// <summary>Where it was measured, and what was done.</summary>
    public string Subtitle
    {
        get
        {
            string? device = Devices(Report) switch
            {
                [var only] => only,
                [] => Report.Metadata.Gpu ?? Report.Metadata.Host?.Cpu,
                _ => null,
            };
            bool isSynthetic = Report.Results.Any(result => result.Weights == WeightKind.Synthetic);
            IEnumerable<string?> parts = [device, Work(), isSynthetic ? "synthetic weights" : null];
            return string.Join(", ", parts.Where(part => !string.IsNullOrEmpty(part)));
        }
    }

    /// <summary>A bar per case; null where no case has the figure.</summary>
    /// <param name="name">Name of the chart's files.</param>
    /// <param name="title">What it shows.</param>
    /// <param name="axis">The axis, with its unit.</param>
    /// <param name="unit">Unit behind each bar.</param>
    /// <param name="hasSpread">True where whiskers may be drawn.</param>
    /// <param name="fill">Gives a case's row its figures.</param>
    public BarChart? BarChart(string name, string title, string axis, string unit, bool hasSpread, Func<CaseResult, BarRow, BarRow> fill)
    {
        BarGroup[] groups = [.. Groups.Select(group => new BarGroup(group.Key, [.. group.Select(result => Complete(fill(result, Row(group, result)), result, unit))]))];
        BarRow[] rows = [.. groups.SelectMany(group => group.Rows)];
        return !rows.Any(row => row.Value is not null) ? null : new BarChart
        {
            Name = name,
            Title = title,
            Subtitles = [.. new[] { Subtitle, hasSpread && rows.Any(row => row.Max > row.Min) ? Samples : "" }.Where(line => line.Length > 0)],
            Description = string.Join(" ", groups.Select(group => $"{group.Heading}: {string.Join(", ", group.Rows.Select(row => $"{row.Label} {row.Text}"))}.")),
            AxisLabel = axis,
            Groups = groups,
            Colors = Colors,
        };
    }

    /// <summary>The name of a case within its group: the format, and the decode path where only that tells two apart.</summary>
    public static string Label(IEnumerable<CaseResult> group, CaseResult result) =>
        group.Count(other => other.Quantization == result.Quantization) > 1 && result.Decode is { } decode
            ? $"{result.Quantization} {decode}"
            : result.Quantization;

    private static BarRow Row(IEnumerable<CaseResult> group, CaseResult result) => new(Label(group, result), result.Quantization, null, "");

    private static BarRow Complete(BarRow row, CaseResult result, string unit)
    {
        // A bar has a length: what is negative or no number was not measured.
        double? value = Ratio.Finite(row.Value) is { } number and >= 0 ? number : null;
        string text = value is null ? result.Success ? "not measured" : "failed" : $"{FigureFormat.Number(value)} {unit}";
        return row with { Value = value, Text = row.Text.Length > 0 && value is not null ? row.Text : text };
    }

    private static string[] Devices(RunReport report) => [.. report.Results.Select(result => result.Device).OfType<string>().Distinct()];

    private string Heading(CaseResult result) => _hasSeveralDevices && result.Device is { } device ? $"{result.ModelName}, {device}" : result.ModelName;

    private string? Work()
    {
        (int? Prompt, int? New)[] work = [.. Succeeded.Select(result => (result.PromptTokens, result.NumTokensGenerated)).Distinct()];
        return work is [({ } prompt, { } tokens)]
            ? $"prompt of {FigureFormat.Count(prompt)} tokens, {FigureFormat.Count(tokens)} new"
            : work is [(null, { } only)] ? $"{FigureFormat.Count(only)} new tokens" : null;
    }
}
