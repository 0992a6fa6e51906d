using System.Diagnostics;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace GptQuantBench.Inference.Tests.Hub;

/// <summary>Contents that break off, change or are wrong, disks that are full, others who fetch the same.</summary>
public sealed class HubFaultTests : IAsyncLifetime
{
    private const string Weights = "model.safetensors";

    private readonly TemporaryFolder _folder = new();
    private FakeHub _hub = null!;

    private string Blobs => Path.Combine(_folder.Path, "models--test--tiny", "blobs");

    private string Blob => Path.Combine(Blobs, FakeHub.Hash(Weights, _hub.Files[Weights]));

    public async ValueTask InitializeAsync() => _hub = await FakeHub.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100_000)]
    [InlineData(1_048_576)]
    [InlineData(2_999_999)]
    public async Task AfterABreakTheRestIsAskedFor(int bytes)
    {
        int breaks = 2;
        _hub.Misbehave = async context =>
        {
            if (!IsFor(context, Weights) || breaks-- <= 0)
            {
                return false;
            }

            await _hub.SendAsync(context, Weights, breakAfter: bytes);
            return true;
        };
        await AssertFetchedAsync();
        FakeHubRequest second = _hub.RequestsFor(Weights)[1];
        Assert.StartsWith("bytes=", second.Range, StringComparison.Ordinal);
        Assert.Equal("\"1\"", second.IfRange);
    }

    [Fact]
    public async Task ManyBreaksAreNoEndWhereEachBringsSomething()
    {
        _hub.Files[Weights] = FakeHub.Bytes(12_000_000);
        _hub.Misbehave = async context =>
        {
            if (!IsFor(context, Weights))
            {
                return false;
            }

            await _hub.SendAsync(context, Weights, breakAfter: 1_200_000);
            return true;
        };
        await AssertFetchedAsync();
        Assert.True(_hub.RequestsFor(Weights).Length > HubTestFetch.Hasty.Retries + 1);
    }

    [Fact]
    public async Task AContentThatChangedMeanwhileStartsAgain()
    {
        bool isFirst = true;
        _hub.Misbehave = async context =>
        {
            if (!IsFor(context, Weights))
            {
                return false;
            }

            await _hub.SendAsync(context, Weights, entityTag: isFirst ? "\"1\"" : "\"2\"", breakAfter: isFirst ? 1000 : null);
            isFirst = false;
            return true;
        };
        await AssertFetchedAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WhatAnEarlierProcessLeftIsContinuedAndVerified(bool isSpoiled)
    {
        Directory.CreateDirectory(Blobs);
        byte[] part = _hub.Files[Weights][..1_000_000];
        part[500] += isSpoiled ? (byte)1 : (byte)0;
        File.WriteAllBytes(Blob + ".incomplete", part);
        HubTestFetch fetch = await AssertFetchedAsync();
        Assert.Contains((Weights, 1_000_000L), fetch.Starts);
        FakeHubRequest[] requests = _hub.RequestsFor(Weights);
        Assert.Equal("bytes=1000000-", requests[0].Range);
        Assert.Equal(isSpoiled ? 2 : 1, requests.Length);
    }

    [Fact]
    public async Task APartThatIsTooLongStartsAgain()
    {
        Directory.CreateDirectory(Blobs);
        File.WriteAllBytes(Blob + ".incomplete", new byte[_hub.Files[Weights].Length + 1]);
        await AssertFetchedAsync();
    }

    [Fact]
    public async Task AServerWithoutRangesSendsAllAgain()
    {
        bool isFirst = true;
        _hub.Misbehave = async context =>
        {
            if (!IsFor(context, Weights))
            {
                return false;
            }

            context.Request.Headers.Remove("Range");
            await _hub.SendAsync(context, Weights, breakAfter: isFirst ? 1000 : null);
            isFirst = false;
            return true;
        };
        await AssertFetchedAsync();
    }

    [Fact]
    public async Task AWrongPartIsNotTaken()
    {
        int requests = 0;
        _hub.Misbehave = async context =>
        {
            if (!IsFor(context, Weights) || requests++ > 1)
            {
                return false;
            }

            if (requests == 1)
            {
                await _hub.SendAsync(context, Weights, breakAfter: 1000);
                return true;
            }

            context.Response.StatusCode = 206;
            context.Response.Headers.ContentRange = "bytes 10-19/3000000";
            await context.Response.Body.WriteAsync(new byte[10]);
            return true;
        };
        await AssertFetchedAsync();
    }

    [Theory]
    [InlineData(Weights)]
    [InlineData("config.json")]
    public async Task AWrongContentIsThrownAway(string name)
    {
        byte[] right = _hub.Files[name];
        _hub.Misbehave = async context =>
        {
            if (!IsFor(context, name))
            {
                return false;
            }

            byte[] wrong = [.. right[..^1], (byte)(right[^1] + 1)];
            context.Response.ContentLength = wrong.Length;
            await context.Response.Body.WriteAsync(wrong);
            return true;
        };
        string message = await Fetch().FailAsync();
        Assert.Contains("expected " + FakeHub.Hash(name, right), message, StringComparison.Ordinal);
        Assert.Equal(2, _hub.RequestsFor(name).Length);
        AssertNothingPublished(name);
        Assert.DoesNotContain(Directory.GetFiles(Blobs), file => file.Contains(FakeHub.Hash(name, right), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(-1, true)]
    [InlineData(1, true)]
    [InlineData(-1, false)]
    [InlineData(1, false)]
    [InlineData(5_000_000, false)]
    public async Task AWrongLengthIsAnError(int more, bool isAnnounced)
    {
        _hub.Misbehave = async context =>
        {
            if (!IsFor(context, Weights))
            {
                return false;
            }

            byte[] wrong = new byte[_hub.Files[Weights].Length + more];
            context.Response.ContentLength = isAnnounced ? wrong.Length : null;
            await context.Response.Body.WriteAsync(wrong);
            return true;
        };
        Assert.Contains("3000000", await Fetch().FailAsync(), StringComparison.Ordinal);
        AssertNothingPublished(Weights);
    }

    [Fact]
    public async Task SlowBytesAreWaitedFor()
    {
        _hub.Files[Weights] = FakeHub.Bytes(40);
        _hub.Misbehave = async context =>
        {
            if (!IsFor(context, Weights))
            {
                return false;
            }

            context.Response.ContentLength = 40;
            foreach (byte one in _hub.Files[Weights])
            {
                await context.Response.Body.WriteAsync(new[] { one });
                await context.Response.Body.FlushAsync();
                await Task.Delay(10);
            }

            return true;
        };
        await AssertFetchedAsync();
    }

    [Fact]
    public async Task AFullDiskIsSaidBeforeTheFirstByte()
    {
        string message = await new HubTestFetch(_hub.Address, _folder.Path) { FreeBytes = _ => 5_000_000 }.FailAsync();
        Assert.Contains("0.003 GB more", message, StringComparison.Ordinal);
        Assert.Contains("0.005 GB free", message, StringComparison.Ordinal);
        Assert.Empty(_hub.RequestsFor(Weights));
    }

    [Fact]
    public async Task ADiskThatFillsOnTheWayIsOneSentenceAndTheRestComesLater()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess && OperatingSystem.IsLinux(), "Only root can mount a small disk.");
        string disk = Directory.CreateDirectory(Path.Combine(_folder.Path, "disk")).FullName;
        Assert.SkipUnless(Run("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk) == 0, "This machine does not let tests mount a small disk.");
        try
        {
            string message = await new HubTestFetch(_hub.Address, disk) { FreeBytes = _ => long.MaxValue }.FailAsync();
            Assert.Contains("space", message, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("HF_HOME", message, StringComparison.Ordinal);
            Run("mount", "-o", "remount,size=32m", disk);
            string folder = await new HubTestFetch(_hub.Address, disk).RunAsync();
            Assert.Equal(_hub.Files[Weights], File.ReadAllBytes(Path.Combine(folder, Weights)));
        }
        finally
        {
            Run("umount", disk);
        }

        static int Run(string program, params string[] arguments)
        {
            using Process process = Process.Start(program, arguments);
            process.WaitForExit();
            return process.ExitCode;
        }
    }

    [Fact]
    public async Task ACacheThatCannotBeWrittenIsOneSentence()
    {
        string file = Path.Combine(_folder.Path, "file");
        File.WriteAllText(file, "");
        Assert.Contains("HF_HOME", await new HubTestFetch(_hub.Address, file).FailAsync(), StringComparison.Ordinal);
        Directory.CreateDirectory(Blob + ".incomplete");
        string message = await Fetch().FailAsync();
        Assert.Contains(Weights, message, StringComparison.Ordinal);
        Assert.Contains("HF_HOME", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AStoppedFetchIsContinued()
    {
        using var stop = new CancellationTokenSource();
        HubTestFetch fetch = Fetch();
        fetch.OnAdvanced = present =>
        {
            if (present is > 1000 and < 3_000_000)
            {
                stop.Cancel();
            }
        };
        _hub.Misbehave = async context =>
        {
            if (IsFor(context, Weights) && !stop.IsCancellationRequested)
            {
                context.Response.ContentLength = _hub.Files[Weights].Length;
                await context.Response.Body.WriteAsync(_hub.Files[Weights].AsMemory(0, 1_500_000), context.RequestAborted);
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            }

            return false;
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fetch.RunAsync(cancellation: stop.Token));
        AssertNothingPublished(Weights);
        await AssertFetchedAsync();
        Assert.StartsWith("bytes=", _hub.RequestsFor(Weights)[^1].Range, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TwoAtOnceFetchOnceAndBothHaveIt()
    {
        _hub.Misbehave = async context =>
        {
            await Task.Delay(IsFor(context, Weights) ? 300 : 0);
            return false;
        };
        HubTestFetch first = Fetch();
        HubTestFetch second = Fetch();
        string[] folders = await Task.WhenAll(first.RunAsync(), second.RunAsync());
        Assert.Equal(folders[0], folders[1]);
        Assert.Single(_hub.RequestsFor(Weights));
        Assert.Contains(first.Notices.Concat(second.Notices), notice => notice.Contains("Another process", StringComparison.Ordinal));
        Assert.Equal(_hub.Files[Weights], File.ReadAllBytes(Blob));
    }

    private static bool IsFor(HttpContext context, string name) => context.Request.Path.Value!.EndsWith("/" + name, StringComparison.Ordinal);

    private HubTestFetch Fetch() => new(_hub.Address, _folder.Path);

    private async Task<HubTestFetch> AssertFetchedAsync()
    {
        HubTestFetch fetch = Fetch();
        string folder = await fetch.RunAsync();
        Assert.Equal(_hub.Files[Weights], File.ReadAllBytes(Path.Combine(folder, Weights)));
        Assert.Equal(Encoding.UTF8.GetString(_hub.Files["config.json"]), File.ReadAllText(Path.Combine(folder, "config.json")));
        Assert.False(File.Exists(Blob + ".incomplete"));
        return fetch;
    }

    private void AssertNothingPublished(string name)
    {
        string repository = Path.Combine(_folder.Path, "models--test--tiny");
        Assert.False(File.Exists(Path.Combine(repository, "snapshots", FakeHub.Commit, name)));
        Assert.False(Directory.Exists(Path.Combine(repository, "refs")));
    }
}
