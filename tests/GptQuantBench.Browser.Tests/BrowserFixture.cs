using Microsoft.Playwright;

namespace GptQuantBench.Browser.Tests;

/// <summary>
/// A Chromium that is on the machine: the one that GPTQUANTBENCH_CHROMIUM names, else the first of the usual names on the path. Nothing
/// is downloaded. Without one, tests are skipped with the reason, or fail with it if GPTQUANTBENCH_REQUIRE_BROWSER is 1.
/// </summary>
public sealed class BrowserFixture : IAsyncLifetime
{
    private const string PathVariable = "GPTQUANTBENCH_CHROMIUM";
    private const string RequireVariable = "GPTQUANTBENCH_REQUIRE_BROWSER";

    private static readonly string[] _names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <inheritdoc />
    public async ValueTask InitializeAsync()
    {
        if (Find() is not { } path)
        {
            return;
        }

        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = path,
            // Chromium refuses its sandbox to root, which containers run as.
            ChromiumSandbox = Environment.UserName != "root",
        });
    }

    /// <summary>The browser; skips the test, or fails it where a browser is required.</summary>
    public IBrowser Require()
    {
        if (_browser is { } browser)
        {
            return browser;
        }

        string reason = $"There is no Chromium: expected one of {string.Join(", ", _names)} on the path; install it, or name it with {PathVariable}.";
        Assert.False(Environment.GetEnvironmentVariable(RequireVariable) == "1", $"{RequireVariable} is 1, but: {reason}");
        Assert.Skip(reason);
        throw new InvalidOperationException(reason);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
    }

    private static string? Find() => Environment.GetEnvironmentVariable(PathVariable) is { Length: > 0 } named
        ? named
        : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .SelectMany(folder => _names.Select(name => Path.Combine(folder, name)))
            .FirstOrDefault(File.Exists);
}
