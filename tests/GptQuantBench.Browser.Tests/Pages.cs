using System.Globalization;
using GptQuantBench.Reporting.Charts;
using GptQuantBench.Reporting.History;
using GptQuantBench.Reporting.Html;
using GptQuantBench.Reporting.Json;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Browser.Tests;

/// <summary>Pages of several kinds of reports.</summary>
internal static class Pages
{
    /// <summary>What a model name or a generated text must not be able to do.</summary>
    public const string Attack = "<script>window.attacked = true; alert(1)</script><img src=x onerror=\"window.attacked = true\">\"'&amp;</title></style>";

    /// <summary>Names of the pages.</summary>
    public static TheoryData<string> Names => ["measured", "hostile", "script", "empty"];

    /// <summary>The page of a name.</summary>
    public static string Html(string name) => name switch
    {
        "measured" => Html(Measured(), TrendCharts.Of(History())),
        "hostile" => Html(Hostile(), []),
        "script" => Html(Script(), []),
        _ => Html(new RunReport(), []),
    };

    /// <summary>The committed report of two cores.</summary>
    public static RunReport Measured() => ReportFile.Read(Path.Combine(Root(), "artifacts", "reference", "cpu-epyc-2-cores", "llm_benchmark_results.json"));

    private static string Html(RunReport report, IReadOnlyList<Chart> trends)
    {
        var warnings = new List<string>();
        string html = HtmlReport.Of(report, ReportCharts.Of(report), trends, warnings.Add);
        Assert.Empty(warnings);
        return html;
    }

    /// <summary>Texts that attack, names without end, a failed case, a format that is missing.</summary>
    private static RunReport Hostile()
    {
        RunReport measured = Measured();
        string name = Attack + "a-model-name-without-any-place-to-break-it-" + new string('x', 150);
        return measured with
        {
            Metadata = measured.Metadata with { Gpu = Attack, CommandLine = Attack, Notices = [Attack, new string('y', 300)] },
            Results =
            [
                .. measured.Results.Take(3).Select(result => result with { ModelName = name, Device = Attack, GeneratedText = Attack }),
                CaseFailure.Of(measured.Results[3] with { Quantization = Attack }, Attack),
                measured.Results[4] with { ThroughputTokensPerSec = null, MemoryGb = null },
            ],
        };
    }

    /// <summary>What the usual Python script writes: its keys only.</summary>
    private static RunReport Script() => ReportJson.Parse(
        """
        {
          "metadata": { "gpu": "NVIDIA A100-SXM4-40GB", "cuda_version": "12.4", "pytorch_version": "2.4.1", "total_vram_gb": 42.4 },
          "results": [
            { "model_name": "gpt2", "quantization": "FP16", "load_time_sec": 1.9, "memory_gb": 0.26, "first_token_latency_ms": 16.1,
              "throughput_tokens_per_sec": 127.0, "total_inference_time_sec": 0.39, "num_tokens_generated": 50, "success": true },
            { "model_name": "gpt2", "quantization": "4-bit", "load_time_sec": 2.4, "memory_gb": 0.14, "first_token_latency_ms": 31.0,
              "throughput_tokens_per_sec": 44.0, "total_inference_time_sec": 1.14, "num_tokens_generated": 50, "success": true }
          ]
        }
        """u8.ToArray(),
        "script.json");

    /// <summary>Twelve runs, the last six 20 % faster.</summary>
    private static HistoryEntry[] History() =>
    [
        .. Enumerable.Range(0, 12).Select(run =>
        {
            RunReport measured = Measured();
            double factor = (run < 6 ? 1 : 1.2) * (1 + 0.002 * (run % 3));
            return new HistoryEntry(run.ToString(CultureInfo.InvariantCulture), measured with
            {
                Metadata = measured.Metadata with { StartedAt = new DateTimeOffset(2026, 1, 1 + run, 8, 0, 0, TimeSpan.Zero) },
                Results = [.. measured.Results.Select(result => result with { ThroughputTokensPerSec = result.ThroughputTokensPerSec * factor, Samples = null })],
            });
        }),
    ];

    private static string Root()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "GptQuantBench.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("No folder above the tests holds GptQuantBench.sln.");
    }
}
