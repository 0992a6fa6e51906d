namespace GptQuantBench.Inference.Hub;

/// <summary>Only one process at a time fetches a content; the others wait and then find it. The lock goes with the process.</summary>
internal static class HubLock
{
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Waits for the lock; disposing gives it back. On Unix it is flock's, as huggingface_hub takes it.</summary>
    /// <param name="path">The file; it stays, because removing it would give two processes two locks.</param>
    /// <param name="waiting">Called once where another process has the lock.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public static async Task<IDisposable> TakeAsync(string path, Action waiting, CancellationToken cancellation)
    {
        for (bool isFirst = true; ; isFirst = false)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException e) when (IsHeldByAnother(e))
            {
                if (isFirst)
                {
                    waiting();
                }

                await Task.Delay(_pause, cancellation).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Windows: ERROR_SHARING_VIOLATION. Unix: EWOULDBLOCK, 11 on Linux and 35 on macOS.</summary>
    private static bool IsHeldByAnother(IOException exception) => exception.HResult is unchecked((int)0x80070020) or 11 or 35;
}
