using GptQuantBench.Inference.Checkpoints;

namespace GptQuantBench.Inference.Hub;

/// <summary>Only one process at a time fetches a content; the others wait and then find it. huggingface_hub takes the same lock.</summary>
internal static class HubLock
{
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Waits for the lock; disposing gives it back.</summary>
    /// <param name="path">The file of the lock.</param>
    /// <param name="waiting">Called once where another process has the lock.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public static async Task<IDisposable> TakeAsync(string path, Action waiting, CancellationToken cancellation)
    {
        for (bool isFirst = true; ; isFirst = false)
        {
            if (FileLock.TryTake(path) is { } taken)
            {
                return taken;
            }

            if (isFirst)
            {
                waiting();
            }

            await Task.Delay(_pause, cancellation).ConfigureAwait(false);
        }
    }
}
