using System.Runtime.InteropServices;
using GptQuantBench.Exporters;

namespace GptQuantBench.Commands;

/// <summary>Ctrl+C and SIGTERM during a run: closes the report, says what is in it, ends the process.</summary>
internal sealed class RunCancellation : IDisposable
{
    private readonly ReportWriter _writer;
    private readonly PosixSignalRegistration[] _registrations;

    private RunCancellation(ReportWriter writer)
    {
        _writer = writer;
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop),
        ];
    }

    /// <summary>Watches until disposed.</summary>
    public static RunCancellation Install(ReportWriter writer) => new(writer);

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }
    }

    /// <summary>Exiting fires ProcessExit, on which BenchmarkDotNet kills the benchmark process with its children.</summary>
    private void Stop(PosixSignalContext context)
    {
        context.Cancel = true;
        _writer.Close();
        Console.Error.WriteLine($"gptquantbench: stopped; {_writer.Report.Results.Count} finished cases are in {_writer.FilePath}.");
        Environment.Exit(ExitCode.Cancelled);
    }
}
