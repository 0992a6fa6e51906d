using System.Net;
using GptQuantBench.Inference.Checkpoints;

namespace GptQuantBench.Inference.Hub;

/// <summary>Fetches models from a Hugging Face hub into the cache that transformers shares.</summary>
public sealed class HubFetcher : IDisposable
{
    private const int ParallelFiles = 4;

    /// <summary>Room that stays on the disk, for links, locks and whoever else writes.</summary>
    private const long SpareBytes = 16 << 20;

    private readonly HubOptions _options;
    private readonly HubPatience _patience;
    private readonly IHubProgress _progress;
    private readonly HubHttp _http;

    /// <param name="options">The hub and the cache.</param>
    /// <param name="patience">How long to wait for the files; the list has its own in <see cref="ListAsync"/>.</param>
    /// <param name="progress">Is told how it goes on.</param>
    public HubFetcher(HubOptions options, HubPatience patience, IHubProgress progress)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(patience);
        ArgumentNullException.ThrowIfNull(progress);
        _options = options;
        _patience = patience;
        _progress = progress;
        _http = new HubHttp(options, patience);
    }

    /// <summary>Free bytes on the disk of a folder; a test puts its own in.</summary>
    internal Func<string, long> FreeBytes { get; init; } = static folder => new DriveInfo(folder).AvailableFreeSpace;

    /// <summary>What the model consists of: the first request, which shows whether there is a hub, a model and a permission.</summary>
    /// <exception cref="HubException">There is none, or HF_HUB_OFFLINE is set.</exception>
    public static async Task<HubSnapshot> ListAsync(
        HubModelId model, HubOptions options, HubPatience patience, IHubProgress progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(patience);
        if (options.IsOffline)
        {
            throw new HubException($"{model} is not fetched, because HF_HUB_OFFLINE (or TRANSFORMERS_OFFLINE) is set; unset it to allow downloads.");
        }

        using var http = new HubHttp(options, patience);
        return await HubRetries.Pipeline(patience, progress).ExecuteAsync(
            async token => await ListOnceAsync(http, model, options, token).ConfigureAwait(false), cancellation).ConfigureAwait(false);
    }

    /// <summary>Fetches what is missing of a snapshot, several files at a time, and publishes it.</summary>
    /// <returns>The snapshot's folder, which has the layout that <c>--model-path</c> expects.</returns>
    /// <exception cref="HubException">A file can't be had or kept; those that are complete stay, and so do parts.</exception>
    public async Task<string> FetchAsync(HubModelId model, HubSnapshot snapshot, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(snapshot);
        var cache = new HubCacheFolder(_options.CacheFolder, model.RepositoryId);
        InCache(model, cache.Create);
        CheckRoom(model, snapshot, cache);
        var download = new HubDownload(_http, _options, _patience, model, snapshot, cache, _progress);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = ParallelFiles, CancellationToken = cancellation };
        // The largest first: the others fit beside it.
        await Parallel.ForEachAsync(
            snapshot.Files.OrderByDescending(file => file.Size),
            parallel,
            async (file, token) => await download.FetchAsync(file, token).ConfigureAwait(false)).ConfigureAwait(false);
        InCache(model, () => cache.Publish(model, snapshot));
        return cache.Snapshot(snapshot.Commit);
    }

    /// <inheritdoc />
    public void Dispose() => _http.Dispose();

    private static async Task<HubSnapshot> ListOnceAsync(HubHttp http, HubModelId model, HubOptions options, CancellationToken cancellation)
    {
        string path = $"api/models/{model.RepositoryId}/revision/{Uri.EscapeDataString(model.Revision)}?blobs=true";
        using HttpResponseMessage response = await http.GetAsync(path, _ => { }, cancellation).ConfigureAwait(false);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw HubStatus.Error(response, options, model, "the list of files");
        }

        using Stream body = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        using var answer = new MemoryStream();
        byte[] buffer = new byte[1 << 16];
        int read;
        while ((read = await http.WithoutStallAsync(token => body.ReadAsync(buffer, token), cancellation).ConfigureAwait(false)) > 0)
        {
            answer.Write(buffer, 0, read);
            if (answer.Length > HubListing.LongestAnswer)
            {
                throw new HubException($"{options.EndpointText} answers about {model} with more than {HubListing.LongestAnswer} bytes; check HF_ENDPOINT.");
            }
        }

        return HubListing.Parse(answer.ToArray(), model);
    }

    private void CheckRoom(HubModelId model, HubSnapshot snapshot, HubCacheFolder cache)
    {
        long missing = snapshot.Files.Where(file => !cache.Has(file)).Sum(file => file.Size - cache.PresentBytes(file));
        long free = FreeBytes(_options.CacheFolder);
        if (missing > 0 && missing + SpareBytes > free)
        {
            throw new HubException(
                $"{model} needs {missing / 1e9:0.###} GB more in {_options.CacheFolder}, whose disk has {free / 1e9:0.###} GB free; make room, "
                + "or choose another folder with HF_HOME.");
        }
    }

    private void InCache(HubModelId model, Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HubException(
                $"{model} cannot be kept in {_options.CacheFolder} ({ModelFiles.Reason(e)}); make room or grant access there, or choose another "
                + "folder with HF_HOME.",
                e);
        }
    }
}
