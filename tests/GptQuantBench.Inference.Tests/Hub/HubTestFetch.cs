using System.Collections.Concurrent;
using GptQuantBench.Inference.Hub;

namespace GptQuantBench.Inference.Tests.Hub;

/// <summary>Fetches from a <see cref="FakeHub"/> into a cache of the test's own, and notes what the user is told.</summary>
internal sealed class HubTestFetch(string address, string cacheFolder) : IHubProgress
{
    /// <summary>Waits little, so that a test that retries takes no time.</summary>
    public static HubPatience Hasty { get; } = new(
        Connect: TimeSpan.FromSeconds(10),
        Answer: TimeSpan.FromSeconds(10),
        Stall: TimeSpan.FromSeconds(10),
        Retries: 3,
        FirstDelay: TimeSpan.FromMilliseconds(1),
        LongestDelay: TimeSpan.FromSeconds(2));

    public HubPatience Patience { get; init; } = Hasty;

    public string? Token { get; init; }

    public Func<string, long>? FreeBytes { get; init; }

    public ConcurrentQueue<string> Notices { get; } = new();

    public ConcurrentQueue<(string Name, long PresentBytes)> Starts { get; } = new();

    public ConcurrentQueue<string> Ends { get; } = new();

    public Action<long> OnAdvanced { get; set; } = _ => { };

    /// <summary>Fetches; returns the snapshot's folder.</summary>
    public async Task<string> RunAsync(string model = "test/tiny", CancellationToken? cancellation = null)
    {
        CancellationToken token = cancellation ?? TestContext.Current.CancellationToken;
        HubModelId id = HubModelId.Parse(model);
        var options = new HubOptions { Endpoint = new Uri(address), CacheFolder = cacheFolder, Token = Token };
        HubSnapshot snapshot = await HubFetcher.ListAsync(id, options, Patience, this, token);
        using var fetcher = FreeBytes is null ? new HubFetcher(options, Patience, this) : new HubFetcher(options, Patience, this) { FreeBytes = FreeBytes };
        return await fetcher.FetchAsync(id, snapshot, token);
    }

    /// <summary>Fetches and fails; returns the sentence.</summary>
    public async Task<string> FailAsync(string model = "test/tiny")
    {
        HubException exception = await Assert.ThrowsAsync<HubException>(() => RunAsync(model));
        Assert.DoesNotContain('\n', exception.Message);
        return exception.Message;
    }

    public void Started(HubFile file, long presentBytes) => Starts.Enqueue((file.Name, presentBytes));

    public void Advanced(HubFile file, long presentBytes) => OnAdvanced(presentBytes);

    public void Finished(HubFile file) => Ends.Enqueue(file.Name);

    public void Notice(string text) => Notices.Enqueue(text);
}
