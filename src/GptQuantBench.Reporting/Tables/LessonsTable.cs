using System.Globalization;
using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Tables;

/// <summary>What the figures mean for a chat answer, for batch work, and for how many models fit into the memory.</summary>
public static class LessonsTable
{
    /// <summary>The table; null where no case succeeded.</summary>
    public static ReportTable? Of(RunReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        CaseLessons[] lessons = [.. CaseRows.Succeeded(report).Select(result => CaseLessons.Of(result, report.Metadata))];
        return lessons.Length == 0 ? null : new ReportTable
        {
            Title = "What it means here",
            Lead = RunFindings.Of(report),
            Columns =
            [
                .. CaseRows.NameColumns,
                ReportColumn.Number("Chat answer(s)"),
                ReportColumn.Number("Batch work(h)"),
                ReportColumn.Number("Models that fit"),
            ],
            Rows = [.. lessons.Select(Row)],
            Notes = [.. Explanations(), .. Missing(lessons)],
        };
    }

    private static IReadOnlyList<ReportCell> Row(CaseLessons lessons) => CaseRows.Row(
        lessons.Case,
        new(FigureFormat.Number(lessons.ChatAnswerSec)),
        new(FigureFormat.Number(lessons.BatchWorkHours)),
        new(FigureFormat.Count(lessons.ModelsThatFit)));

    private static IEnumerable<string> Explanations()
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        yield return string.Create(
            culture,
            $"Chat answer: {CaseLessons.ChatTokens} tokens = first token + {CaseLessons.ChatTokens - 1} × inter-token latency.");
        yield return string.Create(
            culture,
            $"Batch work: {CaseLessons.BatchTexts} texts of {CaseLessons.BatchTokens} tokens, one after the other.");
        yield return "Models that fit: device memory / (weights + KV cache of this case + workspace).";
    }

    private static IEnumerable<string> Missing(CaseLessons[] lessons) => lessons
        .SelectMany(lesson => lesson.Missing
            .GroupBy(missing => missing.Lesson, missing => missing.Key)
            .Select(group => (Lesson: group.Key, Keys: string.Join(", ", group), Name: CaseRows.Name(lesson.Case))))
        .GroupBy(missing => (missing.Lesson, missing.Keys), missing => missing.Name)
        .Select(group => $"{group.Key.Lesson}: not stated for "
            + (group.Count() == lessons.Length ? "any case" : string.Join(", ", group))
            + $", because the report lacks {group.Key.Keys}.");
}
