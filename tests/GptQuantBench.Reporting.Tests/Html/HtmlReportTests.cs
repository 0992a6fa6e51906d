using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using GptQuantBench.Reporting.Charts;
using GptQuantBench.Reporting.Html;
using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Tests.Support;

namespace GptQuantBench.Reporting.Tests.Html;

public sealed partial class HtmlReportTests
{
    [Theory]
    [InlineData("full")]
    [InlineData("minimal")]
    [InlineData("awkward")]
    public void PageIsAsCommitted(string name)
    {
        RunReport report = name switch
        {
            "full" => SampleReports.Full(),
            "minimal" => SampleReports.Minimal(),
            _ => SampleReports.Awkward(),
        };

        // Style, script and their hashes have files and tests of their own.
        string page = HtmlReport.Of(report, [], [], Assert.Fail);
        page = Style().Replace(page, "<style></style>");
        page = Script().Replace(page, "<script></script>");
        Golden.Verify($"{name}.verified.html", Hash().Replace(page, "'sha256-...'"));
    }

    [Theory]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("\"><img src=x onerror=alert(1)>")]
    [InlineData("</style></script></title>")]
    [InlineData("' onmouseover='alert(1)")]
    public void WhatTheReportSaysIsText(string attack)
    {
        RunReport full = SampleReports.Full();
        RunReport hostile = full with
        {
            Metadata = full.Metadata with { Gpu = attack, Driver = attack, CommandLine = attack, Notices = [attack], Host = new HostRecord { Cpu = attack, Os = attack } },
            Results = [.. full.Results.Select(result => result with { ModelName = attack, Quantization = attack, GeneratedText = attack, Error = attack, Device = attack })],
        };

        // Without a format that is known as FP16 no quality has a baseline, so the harmless page does without its charts too.
        RunReport plain = full with { Results = [.. full.Results.Select(result => result with { Quality = null })] };
        string harmless = HtmlReport.Of(plain, ReportCharts.Of(plain), [], Assert.Fail);
        string page = HtmlReport.Of(hostile, ReportCharts.Of(hostile), [], Assert.Fail);

        Assert.DoesNotContain(Tag().Matches(page).Select(match => match.Value), tag => tag.Contains(attack, StringComparison.Ordinal));
        Assert.Equal(Count(harmless, "<script"), Count(page, "<script"));
        Assert.Equal(Count(harmless, "</style>"), Count(page, "</style>"));
        Assert.Equal(Count(harmless, "</title>"), Count(page, "</title>"));
        Assert.Equal(0, Count(page, "<img"));
        Assert.DoesNotContain(Tag().Matches(page).Select(match => match.Value), tag => tag.Contains("onerror", StringComparison.Ordinal) || tag.Contains("onmouseover=", StringComparison.Ordinal));
    }

    [Fact]
    public void PageNeedsNothingButItself()
    {
        RunReport full = SampleReports.Full();
        string page = HtmlReport.Of(full, ReportCharts.Of(full), [], Assert.Fail);

        Assert.Contains("default-src 'none'", page, StringComparison.Ordinal);
        Assert.DoesNotMatch(Reference(), page);
        Assert.Equal(ReportCharts.Of(full).Count, Count(page, "<svg"));
    }

    [Fact]
    public void IdsAreUnique()
    {
        RunReport full = SampleReports.Full();
        string page = HtmlReport.Of(full, ReportCharts.Of(full), [], Assert.Fail);
        string[] ids = [.. Ids().Matches(page).Select(match => match.Groups[1].Value)];

        Assert.Equal(ids.Distinct(), ids);
    }

    /// <summary>Charts are drawn light; on a dark page each colour of the light theme must become the dark theme's.</summary>
    [Theory]
    [InlineData("white", "#14181D")]
    [InlineData("#1B1F24", "#E8EAED")]
    [InlineData("#57606A", "#A9B1BA")]
    [InlineData("#DDE1E6", "#343B44")]
    public void ChartsFollowTheDarkTheme(string light, string dark)
    {
        RunReport full = SampleReports.Full();
        string page = HtmlReport.Of(full, ReportCharts.Of(full), [], Assert.Fail);
        string rules = page[page.IndexOf("@media screen and (prefers-color-scheme: dark) {\n", StringComparison.Ordinal)..];
        rules = rules[..rules.IndexOf("\n}\n", StringComparison.Ordinal)];

        Assert.Contains($"  figure [fill=\"{light}\"] {{ fill: {dark}; }}", rules, StringComparison.Ordinal);
        Assert.Contains($"  figure [stroke=\"{light}\"] {{ stroke: {dark}; }}", rules, StringComparison.Ordinal);
        string charts = string.Concat(Figure().Matches(page).Select(match => match.Value));
        Assert.Contains($"\"{light}\"", charts, StringComparison.Ordinal);
    }

    [Fact]
    public void StyleAndScriptAreThoseThatThePageAllows()
    {
        string page = HtmlReport.Of(SampleReports.Minimal(), [], [], Assert.Fail);
        string style = Style().Match(page).Value["<style>".Length..^"</style>".Length];
        string script = Script().Match(page).Value["<script>".Length..^"</script>".Length];

        Assert.Contains("--background: #ffffff;", style, StringComparison.Ordinal);
        Assert.Contains("addEventListener", script, StringComparison.Ordinal);
        Assert.Contains($"content=\"default-src 'none'; style-src {Sha256(style)}; script-src {Sha256(script)}\">", page, StringComparison.Ordinal);
        Assert.DoesNotContain('\r', page);

        static string Sha256(string text) => $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)))}'";
    }

    [Fact]
    public void ChartsAndTrendsHaveSectionsOfTheirOwn()
    {
        Chart chart = ReportCharts.Of(SampleReports.Full())[1];
        Chart trend = TrendCharts.Of(ChartReports.History(_ => 1000, runs: 2, hasSamples: false)).Single();
        string page = HtmlReport.Of(SampleReports.Minimal(), [chart], [trend], Assert.Fail);

        Assert.Contains(Section("charts", "Charts", chart), page, StringComparison.Ordinal);
        Assert.Contains(Section("trends", "Trends", trend), page, StringComparison.Ordinal);
        Assert.Contains("<li><a href=\"#trends\">Trends</a></li>\n", page, StringComparison.Ordinal);

        static string Section(string id, string title, Chart chart) =>
            $"<section id=\"{id}\">\n<h2>{title}</h2>\n<div class=\"charts\">\n<figure>\n{chart.ToSvg(ChartTheme.Light)}</figure>\n</div>\n</section>\n";
    }

    [Fact]
    public void AChartThatCannotBeDrawnIsNamedAndLeftOut()
    {
        List<string> warnings = [];
        string page = HtmlReport.Of(SampleReports.Minimal(), [], [FaultyChart.Named("faulty")], warnings.Add);
        Assert.Equal(["Chart 'faulty' could not be drawn into the page: Nothing can be drawn."], warnings);
        Assert.Equal(0, Count(page, "<figure>"));
        Assert.Equal(0, Count(page, "Trends"));
    }

    [Theory]
    [InlineData("A GPU", "A device", "A CPU", "A GPU, 2026-01-02 03:04:05 UTC")]
    [InlineData(null, "A device", "A CPU", "A device, 2026-01-02 03:04:05 UTC")]
    [InlineData(null, null, "A CPU", "A CPU, 2026-01-02 03:04:05 UTC")]
    [InlineData(null, null, null, "2026-01-02 03:04:05 UTC")]
    public void ThePageIsNamedByDeviceAndTime(string? gpu, string? device, string? cpu, string expected)
    {
        RunReport minimal = SampleReports.Minimal();
        CaseResult result = minimal.Results[0];
        string page = HtmlReport.Of(
            minimal with
            {
                Metadata = minimal.Metadata with { Gpu = gpu, Host = new HostRecord { Cpu = cpu } },
                Results = [result with { Device = null }, result with { Device = device }],
            },
            [], [], Assert.Fail);
        Assert.Contains($"<title>GPT quantization benchmark: {expected}</title>", page, StringComparison.Ordinal);
        Assert.Contains($"<p class=\"lead\">{expected}</p>", page, StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutDeviceAndTimeThePageHasItsNameAlone() =>
        Assert.Contains("<title>GPT quantization benchmark</title>", HtmlReport.Of(new RunReport(), [], [], Assert.Fail), StringComparison.Ordinal);

    private static int Count(string text, string part) => text.Split(part).Length - 1;

    [GeneratedRegex("<style>.*?</style>", RegexOptions.Singleline)]
    private static partial Regex Style();

    [GeneratedRegex("<script>.*?</script>", RegexOptions.Singleline)]
    private static partial Regex Script();

    [GeneratedRegex("<figure>.*?</figure>", RegexOptions.Singleline)]
    private static partial Regex Figure();

    [GeneratedRegex("'sha256-[^']+'")]
    private static partial Regex Hash();

    [GeneratedRegex("<[a-z][^>]*>")]
    private static partial Regex Tag();

    [GeneratedRegex(" id=\"([^\"]+)\"")]
    private static partial Regex Ids();

    // Names of XML namespaces are never fetched.
    [GeneratedRegex("(src|href)=\"(?!#)|url\\((?!#)|@import|https?://(?!www\\.w3\\.org/)")]
    private static partial Regex Reference();
}
