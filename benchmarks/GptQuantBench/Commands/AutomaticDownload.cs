using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Hub;
using GptQuantBench.Inference.Models;
using GptQuantBench.Progress;

namespace GptQuantBench.Commands;

/// <summary>
/// The first use of a model: what is not in the Hugging Face cache is fetched into it. A run can do without, so a hub that does not
/// answer costs less than three seconds, once, and one line.
/// </summary>
internal static class AutomaticDownload
{
    private static readonly TimeSpan _longestSearch = TimeSpan.FromSeconds(2.5);

    /// <summary>Fetches the models that the cache lacks, as far as that is possible.</summary>
    /// <param name="models">The models of the run.</param>
    /// <param name="notify">Receives one sentence about what was not possible.</param>
    /// <param name="environment">The value of an environment variable, or null; by default the process's.</param>
    /// <exception cref="OperationCanceledException">Ctrl+C; what has come is kept.</exception>
    public static void Run(IEnumerable<CatalogueModel> models, Action<string> notify, Func<string, string?>? environment = null)
    {
        environment ??= Environment.GetEnvironmentVariable;
        CatalogueModel[] missing = [.. models.Where(model => ModelLocator.FromHuggingFaceCache(model, environment) is null)];
        try
        {
            var options = HubOptions.FromEnvironment(environment);
            if (missing.Length > 0 && !options.IsOffline)
            {
                using var stop = new SignalCancellation();
                DownloadProgress.Show(progress =>
                {
                    foreach (var model in missing)
                    {
                        Fetch(new HubModelId(model.RepositoryId, HubModelId.DefaultRevision), options, progress, stop.Token);
                    }

                    return missing.Length;
                });
            }
        }
        catch (HubException exception)
        {
            notify($"Nothing more is downloaded: {exception.Message} Models that are not in the Hugging Face cache get synthetic weights.");
        }
    }

    private static void Fetch(HubModelId model, HubOptions options, IHubProgress progress, CancellationToken stop)
    {
        var snapshot = List(model, options, progress, stop);
        progress.Notice($"Fetching {model} ({snapshot.Files.Sum(file => file.Size) / 1e9:0.##} GB) into the Hugging Face cache; --weights synthetic does without.");
        using var fetcher = new HubFetcher(options, HubPatience.Short, progress);
        fetcher.FetchAsync(model, snapshot, stop).GetAwaiter().GetResult();
    }

    private static HubSnapshot List(HubModelId model, HubOptions options, IHubProgress progress, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(_longestSearch);
        try
        {
            return HubFetcher.ListAsync(model, options, HubPatience.Short, progress, limit.Token).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new HubException($"{options.EndpointText} does not answer within {_longestSearch.TotalSeconds:0.#} s; check the network.");
        }
    }
}
