using System.Net;
using System.Net.Sockets;
using GptQuantBench.Inference.Hub;

namespace GptQuantBench.Inference.Tests.Hub;

/// <summary>Hubs that refuse, are overloaded, fall silent or are not there.</summary>
public sealed class HubAnswerTests : IAsyncLifetime
{
    private const string Weights = "model.safetensors";

    private readonly TemporaryFolder _folder = new();
    private FakeHub _hub = null!;

    public async ValueTask InitializeAsync() => _hub = await FakeHub.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(401, 1, "HF_TOKEN")]
    [InlineData(403, 1, "terms")]
    [InlineData(404, 1, "no such model")]
    [InlineData(410, 1, "410")]
    [InlineData(429, 4, "too many requests")]
    [InlineData(500, 4, "fault of its own")]
    [InlineData(503, 4, "fault of its own")]
    public async Task AStatusIsOneSentence(int status, int requests, string part)
    {
        foreach (string what in new[] { "/api/", Weights })
        {
            _hub.Requests.Clear();
            _hub.Misbehave = context =>
            {
                bool isMeant = context.Request.Path.Value!.Contains(what, StringComparison.Ordinal);
                context.Response.StatusCode = isMeant ? status : 200;
                return Task.FromResult(isMeant);
            };
            string message = await Fetch().FailAsync();
            Assert.Contains($"{_hub.Address} answers {status}", message, StringComparison.Ordinal);
            Assert.Contains("test/tiny", message, StringComparison.Ordinal);
            Assert.Contains(part, message, StringComparison.Ordinal);
            Assert.Equal(requests, _hub.Requests.Count(request => request.Path.Contains(what, StringComparison.Ordinal)));
        }
    }

    [Theory]
    [InlineData(429)]
    [InlineData(502)]
    public async Task AStatusThatPassesIsWaitedFor(int status)
    {
        int failures = 3;
        _hub.Misbehave = context =>
        {
            bool fails = failures-- > 0;
            if (fails)
            {
                context.Response.StatusCode = status;
                context.Response.Headers.RetryAfter = "0";
            }

            return Task.FromResult(fails);
        };
        HubTestFetch fetch = Fetch();
        string folder = await fetch.RunAsync();
        Assert.Equal(_hub.Files[Weights], File.ReadAllBytes(Path.Combine(folder, Weights)));
        Assert.Equal(3, fetch.Notices.Count);
    }

    [Fact]
    public async Task AServerThatAsksForAnHourIsNotWaitedFor()
    {
        _hub.Misbehave = context =>
        {
            context.Response.StatusCode = 429;
            context.Response.Headers.RetryAfter = "3600";
            return Task.FromResult(true);
        };
        Assert.Contains("try again later", await Fetch().FailAsync(), StringComparison.Ordinal);
        Assert.Single(_hub.Requests);
    }

    [Theory]
    [InlineData("/api/")]
    [InlineData(Weights)]
    public async Task ASilentServerIsGivenUp(string what)
    {
        _hub.Misbehave = async context =>
        {
            if (context.Request.Path.Value!.Contains(what, StringComparison.Ordinal))
            {
                await context.Response.StartAsync();
                await context.Response.Body.FlushAsync();
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            }

            return false;
        };
        HubPatience patience = HubTestFetch.Hasty with { Stall = TimeSpan.FromMilliseconds(100), Retries = 1 };
        string message = await new HubTestFetch(_hub.Address, _folder.Path) { Patience = patience }.FailAsync();
        Assert.Contains("sent nothing for 0.1 s", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AServerThatNeverAnswersIsGivenUp()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        HubPatience patience = HubTestFetch.Hasty with { Answer = TimeSpan.FromMilliseconds(100), Retries = 1 };
        string message = await new HubTestFetch($"http://{listener.LocalEndpoint}", _folder.Path) { Patience = patience }.FailAsync();
        Assert.Contains("does not answer within 0.1 s", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NoServerIsOneSentence()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        string address = $"http://{listener.LocalEndpoint}";
        listener.Stop();
        Assert.Contains($"{address} cannot be reached", await new HubTestFetch(address, _folder.Path).FailAsync(), StringComparison.Ordinal);
    }

    private HubTestFetch Fetch() => new(_hub.Address, _folder.Path);
}
