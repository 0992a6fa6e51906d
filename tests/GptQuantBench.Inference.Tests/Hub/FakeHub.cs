using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace GptQuantBench.Inference.Tests.Hub;

/// <summary>A hub on this machine: a real HTTP server that answers as huggingface.co does, and misbehaves where a test wants it to.</summary>
internal sealed class FakeHub : IAsyncDisposable
{
    /// <summary>The commit of every model here.</summary>
    public const string Commit = "607a30d783dfa663caf39e06633721c8d4cfcd7e";

    private readonly WebApplication _server;

    private FakeHub(WebApplication server) => _server = server;

    /// <summary>Address of the server.</summary>
    public string Address => _server.Urls.Single();

    /// <summary>Contents by name; names that end in .safetensors are large files.</summary>
    public Dictionary<string, byte[]> Files { get; } = new(StringComparer.Ordinal);

    /// <summary>Changes the list of files before it is sent.</summary>
    public Action<JsonObject> ChangeList { get; set; } = _ => { };

    /// <summary>Answers in the hub's place where it returns true.</summary>
    public Func<HttpContext, Task<bool>> Misbehave { get; set; } = _ => Task.FromResult(false);

    /// <summary>All requests so far.</summary>
    public ConcurrentQueue<FakeHubRequest> Requests { get; } = new();

    /// <summary>Requests for a file.</summary>
    public FakeHubRequest[] RequestsFor(string file) => [.. Requests.Where(request => request.Path.EndsWith("/" + file, StringComparison.Ordinal))];

    /// <summary>Starts a hub with a small model.</summary>
    public static async Task<FakeHub> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(options => options.Listen(IPAddress.Loopback, 0));
        var hub = new FakeHub(builder.Build());
        hub._server.Run(hub.AnswerAsync);
        await hub._server.StartAsync(TestContext.Current.CancellationToken);
        hub.Files["config.json"] = Encoding.UTF8.GetBytes("{\"model_type\": \"gpt2\"}");
        hub.Files["model.safetensors"] = Bytes(3_000_000);
        return hub;
    }

    /// <summary>Bytes that differ from place to place.</summary>
    public static byte[] Bytes(int count)
    {
        byte[] bytes = new byte[count];
        new Random(1).NextBytes(bytes);
        return bytes;
    }

    /// <summary>The name that the hub gives a content.</summary>
    public static string Hash(string name, byte[] content) => Convert.ToHexStringLower(IsLarge(name)
        ? SHA256.HashData(content)
        : GitId(content));

    /// <summary>Sends the rest of a file from a position on, as the request's range asks.</summary>
    public async Task SendAsync(HttpContext context, string name, string entityTag = "\"1\"", int? breakAfter = null)
    {
        byte[] content = Files[name];
        var range = context.Request.GetTypedHeaders().Range?.Ranges.Single();
        string? ifRange = context.Request.GetTypedHeaders().IfRange?.EntityTag?.ToString();
        int start = range is null || (ifRange is not null && ifRange != entityTag) ? 0 : (int)range.From!.Value;
        context.Response.Headers.ETag = entityTag;
        context.Response.ContentLength = content.Length - start;
        if (start > 0)
        {
            context.Response.StatusCode = StatusCodes.Status206PartialContent;
            context.Response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes {start}-{content.Length - 1}/{content.Length}");
        }

        int end = Math.Min(content.Length, start + (breakAfter ?? content.Length));
        await context.Response.Body.WriteAsync(content.AsMemory(start..end), context.RequestAborted);
        if (end < content.Length)
        {
            await context.Response.Body.FlushAsync(context.RequestAborted);
            // What is on its way would be lost with the connection, and the test wants it to arrive.
            await Task.Delay(50, context.RequestAborted);
            context.Abort();
        }
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await _server.StopAsync(now.Token);
        await _server.DisposeAsync();
    }

#pragma warning disable CA5350 // git chose SHA-1
    private static byte[] GitId(byte[] content) =>
        SHA1.HashData([.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {content.Length}\0")), .. content]);
#pragma warning restore CA5350

    private static bool IsLarge(string name) => name.EndsWith(".safetensors", StringComparison.Ordinal);

    private async Task AnswerAsync(HttpContext context)
    {
        var headers = context.Request.Headers;
        Requests.Enqueue(new FakeHubRequest(
            context.Request.Path + context.Request.QueryString.Value, headers.Authorization, headers.Range, headers.IfRange));
        if (await Misbehave(context))
        {
            return;
        }

        string path = context.Request.Path.Value!;
        if (path.StartsWith("/api/models/", StringComparison.Ordinal))
        {
            await context.Response.WriteAsync(List().ToJsonString(), context.RequestAborted);
            return;
        }

        string name = path[(path.LastIndexOf('/') + 1)..];
        if (path.Contains($"/resolve/{Commit}/", StringComparison.Ordinal) && Files.ContainsKey(name))
        {
            await SendAsync(context, name);
        }
        else
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
        }
    }

    private JsonObject List()
    {
        JsonArray siblings = [new JsonObject { ["rfilename"] = "pytorch_model.bin", ["size"] = 10, ["blobId"] = new string('0', 40) }];
        foreach (var (name, content) in Files)
        {
            var sibling = new JsonObject { ["rfilename"] = name, ["size"] = content.Length, ["blobId"] = new string('a', 40) };
            if (IsLarge(name))
            {
                sibling["lfs"] = new JsonObject { ["sha256"] = Hash(name, content), ["size"] = content.Length, ["pointerSize"] = 134 };
            }
            else
            {
                sibling["blobId"] = Hash(name, content);
            }

            siblings.Add(sibling);
        }

        var list = new JsonObject { ["id"] = "test/tiny", ["sha"] = Commit, ["siblings"] = siblings };
        ChangeList(list);
        return list;
    }
}
