using System.Text;
using GptQuantBench.Reporting.Json;

namespace GptQuantBench.Reporting.Charts;

/// <summary>Charts on disk.</summary>
public static class ChartFiles
{
    /// <summary>Writes each chart as PNG and SVG in every theme: <c>name.png</c>, <c>name.svg</c>, <c>name-dark.png</c>, <c>name-dark.svg</c>.</summary>
    /// <param name="directory">The folder; made where it is missing.</param>
    /// <param name="charts">The charts.</param>
    /// <returns>A sentence for each chart that could not be drawn or written; the others are there.</returns>
    public static IReadOnlyList<string> Write(string directory, IEnumerable<Chart> charts)
    {
        ArgumentNullException.ThrowIfNull(charts);
        var warnings = new List<string>();
        foreach (Chart chart in charts)
        {
            try
            {
                Directory.CreateDirectory(directory);
                foreach (ChartTheme theme in ChartTheme.All)
                {
                    string stem = Path.Combine(directory, FileName(chart, theme));
                    Write(stem + ".png", chart.ToPng(theme));
                    Write(stem + ".svg", Encoding.UTF8.GetBytes(chart.ToSvg(theme)));
                }
            }
            // Whatever goes wrong in native code, on a disk, or with an odd figure: a picture is never worth a run.
            catch (Exception exception)
            {
                warnings.Add($"Chart '{chart.Name}' could not be made in '{directory}': {exception.Message.ReplaceLineEndings(" ")}");
            }
        }

        return warnings;
    }

    /// <summary>Name of a chart's files, without ending.</summary>
    public static string FileName(Chart chart, ChartTheme theme)
    {
        ArgumentNullException.ThrowIfNull(chart);
        return theme == ChartTheme.Light ? chart.Name : $"{chart.Name}-{theme?.Name}";
    }

    private static void Write(string path, byte[] content) => AtomicFile.Commit(AtomicFile.Prepare(path, content), path);
}
