using System.Threading.Channels;

namespace GptQuantBench.Commands;

/// <summary>Changes of files in a folder, taken together until the folder is quiet: a compiler writes a file in many pieces, and several files.</summary>
internal sealed class FolderChanges : IDisposable
{
    private static readonly TimeSpan _quiet = TimeSpan.FromMilliseconds(300);

    private readonly FileSystemWatcher _watcher;
    private readonly Channel<string> _names = Channel.CreateUnbounded<string>();

    /// <summary>Watches from now on.</summary>
    /// <param name="folder">The folder, without those inside it.</param>
    /// <param name="pattern">Which files, e.g. <c>*.ptx</c>.</param>
    public FolderChanges(string folder, string pattern)
    {
        _watcher = new FileSystemWatcher(folder, pattern)
        {
            NotifyFilter = NotifyFilters.FileName | NotifyFilters.LastWrite | NotifyFilters.Size | NotifyFilters.CreationTime,
        };
        _watcher.Changed += Note;
        _watcher.Created += Note;
        _watcher.Deleted += Note;
        _watcher.Renamed += Note;
        _watcher.EnableRaisingEvents = true;
    }

    /// <summary>Waits for a change, and then until nothing has changed for a moment.</summary>
    /// <returns>Names of the files that changed, each once.</returns>
    /// <exception cref="OperationCanceledException">The wait was stopped.</exception>
    public async Task<IReadOnlyList<string>> NextAsync(CancellationToken stop)
    {
        SortedSet<string> names = new(StringComparer.Ordinal) { await _names.Reader.ReadAsync(stop).ConfigureAwait(false) };
        while (true)
        {
            using var quiet = CancellationTokenSource.CreateLinkedTokenSource(stop);
            quiet.CancelAfter(_quiet);
            try
            {
                names.Add(await _names.Reader.ReadAsync(quiet.Token).ConfigureAwait(false));
            }
            catch (OperationCanceledException) when (!stop.IsCancellationRequested)
            {
                return [.. names];
            }
        }
    }

    /// <inheritdoc />
    public void Dispose() => _watcher.Dispose();

    private void Note(object sender, FileSystemEventArgs change) => _names.Writer.TryWrite(change.Name ?? "");
}
