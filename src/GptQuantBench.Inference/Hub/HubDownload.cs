using System.Net;
using System.Net.Http.Headers;
using GptQuantBench.Inference.Checkpoints;
using Polly;

namespace GptQuantBench.Inference.Hub;

/// <summary>Fetches the contents of one model: goes on where a break or an earlier process left off, and keeps nothing unverified.</summary>
internal sealed class HubDownload(
    HubHttp http, HubOptions options, HubPatience patience, HubModelId model, HubSnapshot snapshot, HubCacheFolder cache, IHubProgress progress)
{
    private const int Block = 1 << 20;

    /// <summary>An attempt that brought this much counts as progress, and the number of retries starts again.</summary>
    private const long Progress = 1 << 20;

    private readonly ResiliencePipeline _retries = HubRetries.Pipeline(patience, progress);

    /// <summary>Puts the file's content into its place; does nothing where it is there.</summary>
    /// <exception cref="HubException">The hub does not give it, or what it gives is something else.</exception>
    public async Task FetchAsync(HubFile file, CancellationToken cancellation)
    {
        if (cache.Has(file))
        {
            return;
        }

        try
        {
            using IDisposable mine = await HubLock.TakeAsync(
                cache.LockOf(file),
                () => progress.Notice($"Another process fetches {file.Name} of {model}; waiting for it."),
                cancellation).ConfigureAwait(false);
            if (!cache.Has(file))
            {
                await FetchLockedAsync(file, cancellation).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HubException(
                $"{file.Name} of {model} cannot be written to {options.CacheFolder} ({ModelFiles.Reason(e)}); make room or grant access there, "
                + "or choose another folder with HF_HOME.",
                e);
        }
    }

    private async Task FetchLockedAsync(HubFile file, CancellationToken cancellation)
    {
        string incomplete = cache.Incomplete(file);
        progress.Started(file, cache.PresentBytes(file));
        // A second time from the start: what an earlier process left may be the part that is wrong.
        for (bool isLast = false; ; isLast = true)
        {
            await FillAsync(file, cancellation).ConfigureAwait(false);
            string actual = HashOf(incomplete, file);
            if (actual == file.Hash)
            {
                File.Move(incomplete, cache.Blob(file), overwrite: true);
                progress.Finished(file);
                return;
            }

            File.Delete(incomplete);
            if (isLast)
            {
                throw new HubException(
                    $"{file.Name} of {model} has the hash {actual}, expected {file.Hash}, and was thrown away; check HF_ENDPOINT and whether a proxy changes files.");
            }

            progress.Notice($"{file.Name} of {model} has the hash {actual}, expected {file.Hash}; fetching it once more.");
        }
    }

    private async Task FillAsync(HubFile file, CancellationToken cancellation)
    {
        EntityTagHeaderValue? entityTag = null;
        while (true)
        {
            long before = cache.PresentBytes(file);
            try
            {
                await _retries.ExecuteAsync(
                    async token => await ReadRestAsync(file, entityTag, seen => entityTag = seen, token).ConfigureAwait(false),
                    cancellation).ConfigureAwait(false);
                return;
            }
            catch (HubException e) when (e.IsTransient && cache.PresentBytes(file) - before >= Progress)
            {
                progress.Notice(e.Message);
            }
        }
    }

    /// <summary>Asks for what is missing and writes it behind what is there.</summary>
    private async Task ReadRestAsync(
        HubFile file, EntityTagHeaderValue? entityTag, Action<EntityTagHeaderValue?> remember, CancellationToken cancellation)
    {
        using var output = new FileStream(cache.Incomplete(file), FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read, bufferSize: 0);
        if (output.Length > file.Size)
        {
            output.SetLength(0);
        }

        long start = output.Length;
        if (start < file.Size)
        {
            using HttpResponseMessage response = await AskAsync(file, start, entityTag, cancellation).ConfigureAwait(false);
            start = Begin(response, file, start, output);
            remember(response.Headers.ETag);
            output.Position = start;
            progress.Advanced(file, start);
            await CopyAsync(response, file, output, cancellation).ConfigureAwait(false);
        }

        // The name that says "verified" must not outlive the content when the machine loses its power.
        output.Flush(flushToDisk: true);
    }

    private Task<HttpResponseMessage> AskAsync(HubFile file, long start, EntityTagHeaderValue? entityTag, CancellationToken cancellation) => http.GetAsync(
        $"{model.RepositoryId}/resolve/{snapshot.Commit}/{file.Name}",
        headers =>
        {
            if (start > 0)
            {
                headers.Range = new RangeHeaderValue(start, null);
                // A weak tag promises no equal bytes; without a tag the hash at the end decides.
                headers.IfRange = entityTag is { IsWeak: false } ? new RangeConditionHeaderValue(entityTag) : null;
            }
        },
        cancellation);

    /// <summary>Checks the head of the answer; returns the position at which its body begins.</summary>
    private long Begin(HttpResponseMessage response, HubFile file, long start, FileStream output)
    {
        ContentRangeHeaderValue? range = response.Content.Headers.ContentRange;
        switch (response.StatusCode)
        {
            case HttpStatusCode.PartialContent when start > 0 && range?.From == start && range.To == file.Size - 1 && (range.Length ?? file.Size) == file.Size:
                break;
            case HttpStatusCode.OK:
                start = 0;
                output.SetLength(0);
                break;
            case HttpStatusCode.PartialContent or HttpStatusCode.RequestedRangeNotSatisfiable:
                output.SetLength(0);
                throw Transient($"{options.EndpointText} answers with another part of {file.Name} of {model} than was asked for; check HF_ENDPOINT.");
            default:
                throw HubStatus.Error(response, options, model, file.Name);
        }

        return response.Content.Headers.ContentLength is not { } length || length == file.Size - start
            ? start
            : throw Transient(
                $"{options.EndpointText} sends {length} bytes of {file.Name} of {model}, expected {file.Size - start}; check HF_ENDPOINT and whether a proxy changes files.");
    }

    private async Task CopyAsync(HttpResponseMessage response, HubFile file, FileStream output, CancellationToken cancellation)
    {
        byte[] buffer = new byte[Block];
        using Stream body = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        while (true)
        {
            int read = await http.WithoutStallAsync(token => body.ReadAsync(buffer, token), cancellation).ConfigureAwait(false);
            if (read == 0 && output.Position == file.Size)
            {
                return;
            }

            if (read == 0 || output.Position + read > file.Size)
            {
                string what = read == 0 ? $"ended after {output.Position}" : "goes on beyond";
                output.SetLength(read == 0 ? output.Position : 0);
                throw Transient($"The answer for {file.Name} of {model} {what} of {file.Size} bytes; check the network.");
            }

            output.Write(buffer, 0, read);
            progress.Advanced(file, output.Position);
        }
    }

    private static string HashOf(string path, HubFile file)
    {
        using FileStream content = ModelFiles.OpenRead(path);
        return HubHash.IsSha256(file.Hash) ? HubHash.Sha256(content) : HubHash.GitId(content);
    }

    private static HubException Transient(string message) => new(message) { IsTransient = true };
}
