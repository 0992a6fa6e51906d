using GptQuantBench.Inference.Backends;
using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Json;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Exporters;

/// <summary>Keeps the report of a run on disk, complete and valid after every row.</summary>
internal sealed class ReportWriter
{
    /// <summary>Name of the report.</summary>
    public const string FileName = "llm_benchmark_results.json";

    private const string PreviousFileName = "llm_benchmark_results.previous.json";

    private readonly Lock _lock = new();
    private readonly string _path;
    private RunReport _report;

    /// <summary>Starts a report; a report of an earlier run is kept beside it.</summary>
    /// <param name="directory">Folder of the report.</param>
    /// <param name="metadata">What is known at the start.</param>
    /// <param name="keptRows">Rows of the earlier run that this one does not repeat.</param>
    /// <param name="keptSweeps">Points of sweeps that this run does not repeat.</param>
    /// <param name="keptKernels">Rows of kernels that this run does not repeat.</param>
    /// <exception cref="IOException">The folder can't be written.</exception>
    public ReportWriter(
        string directory,
        RunMetadata metadata,
        IReadOnlyList<CaseResult> keptRows,
        IReadOnlyList<SweepResult> keptSweeps,
        IReadOnlyList<KernelResult> keptKernels)
    {
        _path = Path.Combine(directory, FileName);
        if (File.Exists(_path))
        {
            File.Move(_path, Path.Combine(directory, PreviousFileName), overwrite: true);
        }

        _report = new RunReport { Metadata = metadata, Results = keptRows, Sweeps = keptSweeps, Kernels = keptKernels };
        ReportFile.Write(_path, _report);
    }

    /// <summary>The report so far.</summary>
    public RunReport Report => _report;

    /// <summary>Absolute path of the report.</summary>
    public string FilePath => _path;

    /// <summary>True after <see cref="Close"/>: nothing is added any more.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>Why the last row could not be written, or null.</summary>
    public string? WriteError { get; private set; }

    /// <summary>Adds a finished case. A disk that is full is not the end: the row stays in memory and is written with the next.</summary>
    public void Add(CaseResult row) => Update(report => report with
    {
        Results = [.. report.Results, row],
        Metadata = report.Metadata with { Notices = [.. report.Metadata.Notices, .. EnergyWarnings.Of(row)] },
    });

    /// <summary>Adds the points of a sweep over one case.</summary>
    public void AddSweeps(IEnumerable<SweepResult> rows) => Update(report => report with { Sweeps = [.. report.Sweeps, .. rows] });

    /// <summary>Adds the rows of a kernel; what FP16 took stands beside all of them.</summary>
    public void AddKernels(IEnumerable<KernelResult> rows) =>
        Update(report => report with { Kernels = KernelFigures.WithFp16([.. report.Kernels, .. rows]) });

    /// <summary>Notes the end of the run; later rows are ignored.</summary>
    /// <param name="device">The device now, when it has just worked: its clocks say more than those of an idle one at the start.</param>
    public void Close(DeviceFacts? device = null)
    {
        Update(report => report with
        {
            Metadata = report.Metadata with
            {
                FinishedAt = DateTimeOffset.UtcNow,
                Clocks = device is null ? report.Metadata.Clocks : RunMetadataFactory.Clocks(device),
            },
        });
        IsClosed = true;
    }

    private void Update(Func<RunReport, RunReport> change)
    {
        lock (_lock)
        {
            if (IsClosed)
            {
                return;
            }

            _report = change(_report);
            try
            {
                ReportFile.Write(_path, _report);
                WriteError = null;
            }
            catch (IOException exception)
            {
                WriteError = exception.Message;
            }
        }
    }
}
