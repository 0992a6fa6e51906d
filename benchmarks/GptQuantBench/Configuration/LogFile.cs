using BenchmarkDotNet.Loggers;

namespace GptQuantBench.Configuration;

/// <summary>
/// BenchmarkDotNet's log as a file. Its own log file ends the whole process when the disk fills; this one stops writing, and the
/// measurement goes on.
/// </summary>
internal sealed class LogFile : ILogger, IDisposable
{
    private readonly Lock _lock = new();
    private StreamWriter? _writer;

    /// <summary>Creates <c>GptQuantBench-&lt;time&gt;.log</c> in the artifacts folder.</summary>
    public LogFile(string artifactsDirectory)
    {
        FullName = Path.Combine(artifactsDirectory, $"GptQuantBench-{DateTime.Now:yyyyMMdd-HHmmss}.log");
        Try(() => _writer = new StreamWriter(FullName));
    }

    /// <summary>Absolute path.</summary>
    public string FullName { get; }

    /// <inheritdoc />
    public string Id => nameof(LogFile);

    /// <inheritdoc />
    public int Priority => 0;

    /// <inheritdoc />
    public void Write(LogKind logKind, string text) => Try(() => _writer?.Write(text));

    /// <inheritdoc />
    public void WriteLine() => Try(() => _writer?.WriteLine());

    /// <inheritdoc />
    public void WriteLine(LogKind logKind, string text) => Try(() => _writer?.WriteLine(text));

    /// <inheritdoc />
    public void Flush() => Try(() => _writer?.Flush());

    /// <inheritdoc />
    public void Dispose() => Try(() => _writer?.Dispose());

    private void Try(Action write)
    {
        lock (_lock)
        {
            try
            {
                write();
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ObjectDisposedException)
            {
                // What is buffered can't be written either, and a writer that is collected must not try.
                _writer = null;
            }
        }
    }
}
