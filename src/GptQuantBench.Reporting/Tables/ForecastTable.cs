using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Tables;

/// <summary>Tokens per second that bytes and bandwidth promise on other GPUs.</summary>
public static class ForecastTable
{
    /// <summary>The table; null where no case has a roofline.</summary>
    public static ReportTable? Of(RunReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        CaseResult[] results = [.. CaseRows.Succeeded(report).Where(result => result.Roofline?.BytesPerToken is not null)];
        return results.Length == 0 ? null : new ReportTable
        {
            Title = "Forecast for other GPUs, tokens/s (not measured)",
            Columns = [.. CaseRows.NameColumns, .. KnownGpu.All.Select(gpu => ReportColumn.Number(gpu.Name))],
            Rows =
            [
                .. results.Select(result => CaseRows.Row(
                    result, [.. KnownGpu.All.Select(gpu => new ReportCell(FigureFormat.Number(GpuForecast.TokensPerSec(result, gpu))))])),
            ],
            Notes = [.. Notes(results)],
        };
    }

    private static IEnumerable<string> Notes(CaseResult[] results)
    {
        yield return "Forecast: bytes of a token / the bandwidth that the vendor publishes, batch 1, without the prompt.";
        if (results.Any(GpuForecast.IsUpperLimit))
        {
            yield return "From a run on a CPU it is an upper limit: launches and latencies of a GPU are not in it.";
        }

        if (!results.All(GpuForecast.IsUpperLimit))
        {
            yield return "From a run on a GPU, what a token takes beyond reading there is added.";
        }
    }
}
