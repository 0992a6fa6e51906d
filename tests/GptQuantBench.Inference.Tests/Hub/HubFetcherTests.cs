using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Tests.Hub;

/// <summary>Fetching from a hub that behaves: what lies where afterwards, and what was asked for.</summary>
public sealed class HubFetcherTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private FakeHub _hub = null!;

    private string Repository => Path.Combine(_folder.Path, "models--test--tiny");

    public async ValueTask InitializeAsync() => _hub = await FakeHub.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task TheCacheHasTheLayoutOfTransformers()
    {
        _hub.Files["vocab.json"] = "{}"u8.ToArray();
        string folder = await Fetch().RunAsync();
        Assert.Equal(Path.Combine(Repository, "snapshots", FakeHub.Commit), folder);
        Assert.Equal(FakeHub.Commit, File.ReadAllText(Path.Combine(Repository, "refs", "main")));
        Assert.All(_hub.Files, file =>
        {
            string hash = FakeHub.Hash(file.Key, file.Value);
            Assert.Equal(file.Value, File.ReadAllBytes(Path.Combine(folder, file.Key)));
            Assert.Equal(Path.Combine("..", "..", "blobs", hash), new FileInfo(Path.Combine(folder, file.Key)).LinkTarget);
            Assert.Equal(file.Value, File.ReadAllBytes(Path.Combine(Repository, "blobs", hash)));
        });
        Assert.Equal(_hub.Files.Count, Directory.GetFiles(Path.Combine(Repository, "blobs")).Length);
    }

    [Fact]
    public async Task AModelThatWasFetchedIsFoundAndOpens()
    {
        _hub.Files.Clear();
        foreach (string name in new[] { "config.json", "model.safetensors" })
        {
            _hub.Files[name] = File.ReadAllBytes(Path.Combine(Fixtures.Root, "variants", "smallest-f32", name));
        }

        await Fetch().RunAsync("gpt2");
        ModelLocation? found = ModelLocator.FromHuggingFaceCache(
            ModelCatalogue.Get("gpt2"), name => name == "HF_HUB_CACHE" ? _folder.Path : null);
        Assert.NotNull(found);
        using OpenedModel opened = OpenedModel.Open(found);
        Assert.Equal(WeightOrigin.Real, opened.Location.Origin);
    }

    [Fact]
    public async Task ASnapshotsFolderIsAModelOfItsOwnName()
    {
        string folder = await Fetch().RunAsync();
        Assert.Equal("tiny", ModelLocator.FromDirectory(folder).Name);
    }

    [Fact]
    public async Task ASecondFetchTakesNothing()
    {
        await Fetch().RunAsync();
        _hub.Requests.Clear();
        await Fetch().RunAsync();
        Assert.StartsWith("/api/", Assert.Single(_hub.Requests).Path, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ABlobOfAnotherLengthIsFetchedAgain()
    {
        await Fetch().RunAsync();
        string blob = Path.Combine(Repository, "blobs", FakeHub.Hash("model.safetensors", _hub.Files["model.safetensors"]));
        File.WriteAllBytes(blob, [1]);
        await Fetch().RunAsync();
        Assert.Equal(_hub.Files["model.safetensors"], File.ReadAllBytes(blob));
    }

    [Fact]
    public async Task APinnedCommitIsAskedForAndBecomesNoReference()
    {
        await Fetch().RunAsync("test/tiny@" + FakeHub.Commit);
        Assert.Contains(_hub.Requests, request => request.Path == $"/api/models/test/tiny/revision/{FakeHub.Commit}?blobs=true");
        Assert.False(Directory.Exists(Path.Combine(Repository, "refs")));
        Assert.True(File.Exists(Path.Combine(Repository, "snapshots", FakeHub.Commit, "model.safetensors")));
    }

    [Fact]
    public async Task ABranchWithASlashBecomesAReferenceInAFolder()
    {
        await Fetch().RunAsync("test/tiny@refs/pr/1");
        Assert.Equal(FakeHub.Commit, File.ReadAllText(Path.Combine(Repository, "refs", "refs", "pr", "1")));
    }

    [Fact]
    public async Task ShardsAreTakenOnlyWhereThereIsNoSingleFile()
    {
        _hub.Files["model-00001-of-00002.safetensors"] = FakeHub.Bytes(10);
        _hub.Files["model-00002-of-00002.safetensors"] = FakeHub.Bytes(20);
        _hub.Files["model.safetensors.index.json"] = "{}"u8.ToArray();
        await Fetch().RunAsync();
        Assert.DoesNotContain(_hub.Requests, request => request.Path.Contains("-of-", StringComparison.Ordinal));
        _hub.Files.Remove("model.safetensors");
        string folder = await Fetch().RunAsync();
        Assert.Equal(FakeHub.Bytes(20), File.ReadAllBytes(Path.Combine(folder, "model-00002-of-00002.safetensors")));
    }

    [Fact]
    public async Task TheTokenGoesToTheHub()
    {
        await new HubTestFetch(_hub.Address, _folder.Path) { Token = "hf_secret" }.RunAsync();
        Assert.All(_hub.Requests, request => Assert.Equal("Bearer hf_secret", request.Authorization));
        Assert.All(Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories).Where(file => new FileInfo(file).Length < 1000), file =>
            Assert.DoesNotContain("hf_secret", File.ReadAllText(file), StringComparison.Ordinal));
    }

    [Fact]
    public async Task ProgressNamesEveryFile()
    {
        HubTestFetch fetch = Fetch();
        await fetch.RunAsync();
        Assert.Equal(["config.json", "model.safetensors"], fetch.Starts.Select(start => start.Name).Order());
        Assert.Equal(["config.json", "model.safetensors"], fetch.Ends.Order());
        Assert.Empty(fetch.Notices);
    }

    private HubTestFetch Fetch() => new(_hub.Address, _folder.Path);
}
