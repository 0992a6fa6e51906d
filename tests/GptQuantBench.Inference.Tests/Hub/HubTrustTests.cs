using System.Text;
using System.Text.Json.Nodes;
using GptQuantBench.Inference.Hub;
using Microsoft.AspNetCore.Http;

namespace GptQuantBench.Inference.Tests.Hub;

/// <summary>Hubs that lie, and secrets that must not travel.</summary>
public sealed class HubTrustTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private FakeHub _hub = null!;

    private string Cache => Path.Combine(_folder.Path, "cache");

    public async ValueTask InitializeAsync() => _hub = await FakeHub.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("../config.json")]
    [InlineData("../../../../evil.json")]
    [InlineData("/tmp/evil.json")]
    [InlineData("C:\\evil.json")]
    [InlineData("..\\vocab.json")]
    [InlineData("onnx/config.json")]
    [InlineData("config.json\0")]
    [InlineData("vocab.json\n")]
    [InlineData("model.safetensors/../x.json")]
    [InlineData("model-00001-of-00002.safetensors\n")]
    [InlineData("model-x-of-y.safetensors")]
    [InlineData("pytorch_model.bin")]
    [InlineData("model.pt")]
    [InlineData("model.ckpt")]
    [InlineData("handler.py")]
    [InlineData("")]
    public async Task ANameThatIsNotAModelsFileIsNeverTaken(string name)
    {
        _hub.ChangeList = list => Siblings(list).Add(
            new JsonObject { ["rfilename"] = name, ["size"] = 3, ["blobId"] = FakeHub.Hash("x", "abc"u8.ToArray()) });
        await Fetch().RunAsync();
        Assert.Equal(3, _hub.Requests.Count);
        Assert.Equal(["cache"], Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName));
        Assert.Equal(2, Directory.GetFiles(Path.Combine(Cache, "models--test--tiny", "blobs")).Length);
    }

    [Theory]
    [InlineData("../../../../evil")]
    [InlineData("")]
    [InlineData("ABCDEF0123456789ABCDEF0123456789ABCDEF01")]
    [InlineData("607a30d783dfa663caf39e06633721c8d4cfcd7e\n")]
    [InlineData(null)]
    public async Task AHashThatIsNoneIsRefused(string? hash)
    {
        _hub.ChangeList = list => Siblings(list)[1]!["blobId"] = hash;
        Assert.Contains("config.json the hash", await Fetch().FailAsync(), StringComparison.Ordinal);
        _hub.ChangeList = list => Siblings(list)[2]!["lfs"]!["sha256"] = hash;
        Assert.Contains("model.safetensors the hash", await Fetch().FailAsync(), StringComparison.Ordinal);
        _hub.ChangeList = list => list["sha"] = hash == FakeHub.Commit ? "x" : hash;
        Assert.Contains("the commit", await Fetch().FailAsync(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(Cache));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(2_000_000_000_000)]
    [InlineData(long.MaxValue)]
    public async Task ALengthThatCannotBeIsRefused(long size)
    {
        _hub.ChangeList = list => Siblings(list)[2]!["lfs"]!["size"] = size;
        Assert.Contains($"a length of {size}", await Fetch().FailAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<html>Please log in</html>")]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("{\"sha\": 1, \"siblings\": []}")]
    [InlineData("{\"sha\": \"607a30d783dfa663caf39e06633721c8d4cfcd7e\", \"siblings\": {}}")]
    [InlineData("{\"sha\": \"607a30d783dfa663caf39e06633721c8d4cfcd7e\", \"siblings\": [{\"rfilename\": \"config.json\", \"size\": \"3\", \"blobId\": \"607a30d783dfa663caf39e06633721c8d4cfcd7e\"}]}")]
    public async Task AnAnswerThatIsNoListIsRefused(string answer)
    {
        _hub.Misbehave = async context =>
        {
            await context.Response.WriteAsync(answer);
            return true;
        };
        Assert.Contains("cannot be used", await Fetch().FailAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnEndlessListIsCutOff()
    {
        _hub.Misbehave = async context =>
        {
            byte[] block = Encoding.ASCII.GetBytes(new string(' ', 1_000_000));
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.Body.WriteAsync(block);
            }

            return true;
        };
        Assert.Contains("more than 10000000 bytes", await Fetch().FailAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AModelWithoutSafetensorsIsRefused()
    {
        _hub.Files.Remove("model.safetensors");
        Assert.Contains("only format that is taken", await Fetch().FailAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnotherCommitThanThePinnedIsRefused()
    {
        Assert.Contains("the commit", await Fetch().FailAsync("test/tiny@" + new string('0', 40)), StringComparison.Ordinal);
        Assert.Single(_hub.Requests);
    }

    [Fact]
    public async Task TheTokenDoesNotFollowARedirectToAnotherServer()
    {
        await using FakeHub other = await FakeHub.StartAsync();
        _hub.Misbehave = context =>
        {
            bool isFile = context.Request.Path.Value!.EndsWith(".safetensors", StringComparison.Ordinal);
            if (isFile)
            {
                context.Response.Redirect(other.Address + context.Request.Path);
            }

            return Task.FromResult(isFile);
        };
        await Fetch("hf_secret").RunAsync();
        Assert.Null(Assert.Single(other.Requests).Authorization);
        Assert.All(_hub.Requests, request => Assert.Equal("Bearer hf_secret", request.Authorization));
    }

    [Fact]
    public async Task TheTokenFollowsARenameOnTheSameServer()
    {
        _hub.Misbehave = context =>
        {
            bool isOld = context.Request.Path.Value!.StartsWith("/api/models/tiny/", StringComparison.Ordinal);
            if (isOld)
            {
                context.Response.StatusCode = 307;
                context.Response.Headers.Location = "/api/models/test/tiny/revision/main?blobs=true";
            }

            return Task.FromResult(isOld);
        };
        string folder = await Fetch("hf_secret").RunAsync("tiny");
        Assert.Contains("models--tiny", folder, StringComparison.Ordinal);
        Assert.All(_hub.Requests, request => Assert.Equal("Bearer hf_secret", request.Authorization));
    }

    [Theory]
    [InlineData("/api/models/test/tiny/revision/main")]
    [InlineData("file:///etc/passwd")]
    [InlineData("ftp://127.0.0.1/x")]
    public async Task ARedirectToNowhereIsOneSentence(string location)
    {
        _hub.Misbehave = context =>
        {
            context.Response.StatusCode = 302;
            context.Response.Headers.Location = location;
            return Task.FromResult(true);
        };
        Assert.Contains("redirects", await Fetch().FailAsync(), StringComparison.Ordinal);
        Assert.InRange(_hub.Requests.Count, 1, 11);
    }

    [Theory]
    [InlineData(401)]
    [InlineData(500)]
    public async Task NoMessageHoldsTheToken(int status)
    {
        _hub.Misbehave = context =>
        {
            context.Response.StatusCode = status;
            return Task.FromResult(true);
        };
        HubTestFetch fetch = Fetch("hf_secret");
        HubException exception = await Assert.ThrowsAsync<HubException>(() => fetch.RunAsync());
        Assert.DoesNotContain("hf_secret", exception.ToString() + string.Concat(fetch.Notices), StringComparison.Ordinal);
    }

    private static JsonArray Siblings(JsonObject list) => list["siblings"]!.AsArray();

    private HubTestFetch Fetch(string? token = null) => new(_hub.Address, Cache) { Token = token };
}
