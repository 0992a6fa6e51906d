namespace GptQuantBench.Reporting.Tables;

/// <summary>A table, whatever draws it: console, Markdown, a page.</summary>
public sealed record ReportTable
{
    /// <summary>What the table shows.</summary>
    public required string Title { get; init; }

    /// <summary>Headings, left to right.</summary>
    public required IReadOnlyList<ReportColumn> Columns { get; init; }

    /// <summary>
    /// Rows, top to bottom, one cell per column. Cells are plain text of unknown content: whoever draws them escapes them.
    /// </summary>
    public required IReadOnlyList<IReadOnlyList<ReportCell>> Rows { get; init; }

    /// <summary>Sentences above the table: what it says.</summary>
    public IReadOnlyList<string> Lead { get; init; } = [];

    /// <summary>Sentences below the table: how to read it.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}
