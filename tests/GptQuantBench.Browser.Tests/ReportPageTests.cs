using System.Globalization;
using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace GptQuantBench.Browser.Tests;

/// <summary>The HTML page as readers have it: in a browser, from a file.</summary>
public sealed class ReportPageTests(BrowserFixture browser)
{
    private const string SummaryTable = "#summary table";
    private const string ThroughputColumn = SummaryTable + " tbody td:nth-child(6)";

    public static TheoryData<string> Names => Pages.Names;

    [Theory, MemberData(nameof(Names))]
    public async Task OpensFromAFileWithoutAComplaintAndWithoutTheNetwork(string name)
    {
        await using OpenPage open = await OpenPage.Open(browser.Require(), Pages.Html(name));

        Assert.Empty(open.Complaints);
        Assert.Equal([open.Address], open.Requests);
        Assert.True(await open.Page.Locator("#summary").IsVisibleAsync());
    }

    [Fact]
    public async Task WhatAReportSaysIsShownAndNeverRun()
    {
        await using OpenPage open = await OpenPage.Open(browser.Require(), Pages.Html("hostile"));

        Assert.False(await open.Page.EvaluateAsync<bool>("'attacked' in window"));
        Assert.Equal(0, await open.Page.Locator("img").CountAsync());
        Assert.Equal(1, await open.Page.Locator("script").CountAsync());
        Assert.StartsWith(Pages.Attack, await open.Page.Locator(SummaryTable + " tbody th").First.TextContentAsync(), StringComparison.Ordinal);
        Assert.Contains(Pages.Attack[..20], await open.Page.Locator("#generated-text dd").First.TextContentAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TableSortsByClickAndByKey()
    {
        await using OpenPage open = await OpenPage.Open(browser.Require(), Pages.Html("measured"));
        ILocator heading = open.Page.Locator(SummaryTable + " thead th").Filter(new LocatorFilterOptions { HasText = "Throughput" });
        Assert.Null(await heading.GetAttributeAsync("aria-sort"));

        await heading.Locator("button").ClickAsync();
        Assert.Equal("ascending", await heading.GetAttributeAsync("aria-sort"));
        double[] ascending = await Throughputs(open.Page);
        Assert.Equal(6, ascending.Length);
        Assert.Equal(ascending.Order(), ascending);

        await heading.Locator("button").FocusAsync();
        await open.Page.Keyboard.PressAsync("Enter");
        Assert.Equal("descending", await heading.GetAttributeAsync("aria-sort"));
        Assert.Equal(ascending.Reverse(), await Throughputs(open.Page));
        Assert.Equal(1, await open.Page.Locator(SummaryTable + " [aria-sort]").CountAsync());
    }

    [Fact]
    public async Task BytesSortByTheirSizeAndNotByTheirDigits()
    {
        await using OpenPage open = await OpenPage.Open(browser.Require(), Pages.Html("measured"));
        ILocator table = open.Page.Locator("#memory table");
        await table.Locator("thead th").Filter(new LocatorFilterOptions { HasText = "Weights" }).Locator("button").ClickAsync();

        double[] sizes = [.. (await table.Locator("tbody td:nth-child(3)").AllTextContentsAsync()).Select(Bytes)];

        Assert.Equal(6, sizes.Length);
        Assert.Equal(sizes.Order(), sizes);
    }

    [Fact]
    public async Task WhatWasNotMeasuredSortsToTheEnd()
    {
        await using OpenPage open = await OpenPage.Open(browser.Require(), Pages.Html("hostile"));
        ILocator button = open.Page.Locator(SummaryTable + " thead th").Filter(new LocatorFilterOptions { HasText = "Throughput" }).Locator("button");
        for (int click = 0; click < 2; click++)
        {
            await button.ClickAsync();
            IReadOnlyList<string> shown = await open.Page.Locator(ThroughputColumn).AllTextContentsAsync();
            Assert.Equal(["-", "-"], shown.TakeLast(2));
            Assert.DoesNotContain("-", shown.Take(3));
        }
    }

    [Fact]
    public async Task PageAndChartsFollowTheTheme()
    {
        string html = Pages.Html("measured");
        await using OpenPage light = await OpenPage.Open(browser.Require(), html, scheme: ColorScheme.Light);
        await using OpenPage dark = await OpenPage.Open(browser.Require(), html, scheme: ColorScheme.Dark);

        foreach ((string selector, string property) in new[] { ("body", "backgroundColor"), ("figure svg > rect", "fill") })
        {
            Assert.True(await Luminance(light.Page, selector, property) > 0.9, selector);
            Assert.True(await Luminance(dark.Page, selector, property) < 0.1, selector);
        }

        foreach ((string selector, string property) in new[] { ("h1", "color"), ("figure svg text", "fill") })
        {
            Assert.True(await Luminance(light.Page, selector, property) < 0.2, selector);
            Assert.True(await Luminance(dark.Page, selector, property) > 0.8, selector);
        }
    }

    [Theory, MemberData(nameof(Names))]
    public async Task NothingOverflowsAPhone(string name)
    {
        const int Width = 400;
        await using OpenPage open = await OpenPage.Open(browser.Require(), Pages.Html(name), Width);

        Assert.True(await open.Page.EvaluateAsync<int>("document.documentElement.scrollWidth") <= Width);
        // A wide table scrolls within its own frame; everything else stays on the screen.
        Assert.Empty(await RightOf(open.Page, Width, except: ".scroll table, svg *"));
    }

    [Theory, MemberData(nameof(Names))]
    public async Task AxeFindsNoViolation(string name)
    {
        foreach (ColorScheme scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
        {
            await using OpenPage open = await OpenPage.Open(browser.Require(), Pages.Html(name), scheme: scheme);
            AxeResult result = await open.Page.RunAxe();

            Assert.Empty(result.Violations.Select(violation => $"{scheme}: {violation.Id}: {violation.Help}: {string.Join("; ", violation.Nodes.Select(node => node.Html))}"));
            Assert.NotEmpty(result.Passes);
        }
    }

    [Theory, MemberData(nameof(Names))]
    public async Task PrintsOnWhitePaperAndWithinIt(string name)
    {
        // A4 less margins of 1 cm, at 96 pixels an inch.
        await using OpenPage open = await OpenPage.Open(browser.Require(), Pages.Html(name), 718, ColorScheme.Dark);
        await open.Page.EmulateMediaAsync(new PageEmulateMediaOptions { Media = Media.Print });

        Assert.True(await Luminance(open.Page, "body", "backgroundColor") > 0.9);
        Assert.False(await open.Page.Locator("nav").IsVisibleAsync());
        Assert.Empty(await RightOf(open.Page, 718, except: "svg *"));
        byte[] pdf = await open.Page.PdfAsync(new PagePdfOptions { Format = "A4", Margin = new Margin { Top = "1cm", Bottom = "1cm", Left = "1cm", Right = "1cm" } });
        Assert.Equal("%PDF-"u8.ToArray(), pdf[..5]);
    }

    /// <summary>Elements that reach beyond a width, save those within some.</summary>
    private static Task<string[]> RightOf(IPage page, int width, string except) => page.EvaluateAsync<string[]>(
        """
        ([width, except]) => [...document.body.querySelectorAll('*')]
          .filter(element => !element.closest(except))
          .filter(element => element.getBoundingClientRect().right > Number(width) + 0.5)
          .map(element => `${element.tagName} ${element.getBoundingClientRect().right} ${element.textContent.slice(0, 40)}`)
        """,
        new[] { width.ToString(CultureInfo.InvariantCulture), except });

    private static async Task<double[]> Throughputs(IPage page) =>
        [.. (await page.Locator(ThroughputColumn).AllTextContentsAsync()).Select(text => double.Parse(text.Split(' ')[0], CultureInfo.InvariantCulture))];

    private static double Bytes(string text) => text.Split(' ') is [var number, var unit]
        ? double.Parse(number, CultureInfo.InvariantCulture) * unit switch { "kB" => 1e3, "MB" => 1e6, "GB" => 1e9, _ => 1 }
        : throw new FormatException(text);

    /// <summary>How light the computed colour of the first match is, 0 to 1.</summary>
    private static Task<double> Luminance(IPage page, string selector, string property) => page.EvaluateAsync<double>(
        """
        ([selector, property]) => {
          const color = getComputedStyle(document.querySelector(selector))[property].match(/[\d.]+/g).map(Number);
          return (0.2126 * color[0] + 0.7152 * color[1] + 0.0722 * color[2]) / 255;
        }
        """,
        new[] { selector, property });
}
