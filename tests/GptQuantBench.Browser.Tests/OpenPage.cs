using Microsoft.Playwright;

namespace GptQuantBench.Browser.Tests;

/// <summary>A page of a report, opened from a file of its own, and everything that it complained about or asked for.</summary>
internal sealed class OpenPage : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gptquantbench-page-");
    private IBrowserContext? _context;

    private OpenPage()
    {
    }

    /// <summary>The page.</summary>
    public IPage Page { get; private set; } = null!;

    /// <summary>Console errors and warnings, script errors, dialogs.</summary>
    public List<string> Complaints { get; } = [];

    /// <summary>Addresses that the page asked for, itself included.</summary>
    public List<string> Requests { get; } = [];

    /// <summary>Address of the page.</summary>
    public string Address { get; private set; } = "";

    /// <summary>Opens a page.</summary>
    /// <param name="browser">The browser.</param>
    /// <param name="html">Content of the file.</param>
    /// <param name="width">Width of the window, pixels.</param>
    /// <param name="scheme">The reader's theme.</param>
    public static async Task<OpenPage> Open(IBrowser browser, string html, int width = 1200, ColorScheme scheme = ColorScheme.Light)
    {
        var open = new OpenPage();
        string file = Path.Combine(open._folder.FullName, "llm_benchmark_results.html");
        await File.WriteAllTextAsync(file, html, TestContext.Current.CancellationToken);
        open.Address = new Uri(file).AbsoluteUri;
        open._context = await browser.NewContextAsync(new BrowserNewContextOptions
        {
            ViewportSize = new ViewportSize { Width = width, Height = 900 },
            ColorScheme = scheme,
        });
        open.Page = await open._context.NewPageAsync();
        open.Page.Console += (_, message) => open.Complain(message.Type is "error" or "warning", $"{message.Type}: {message.Text}");
        open.Page.PageError += (_, error) => open.Complain(true, error);
        open.Page.Dialog += async (_, dialog) =>
        {
            open.Complain(true, $"dialog: {dialog.Message}");
            await dialog.DismissAsync();
        };
        open.Page.Request += (_, request) => open.Requests.Add(request.Url);
        await open.Page.GotoAsync(open.Address);
        return open;
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (_context is not null)
        {
            await _context.DisposeAsync();
        }

        _folder.Delete(recursive: true);
    }

    private void Complain(bool isComplaint, string text)
    {
        if (isComplaint)
        {
            Complaints.Add(text);
        }
    }
}
