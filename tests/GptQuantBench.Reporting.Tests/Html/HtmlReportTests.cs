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

    private static int Count(string text, string part) => text.Split(part).Length - 1;

    [GeneratedRegex("<style>.*?</style>", RegexOptions.Singleline)]
    private static partial Regex Style();

    [GeneratedRegex("<script>.*?</script>", RegexOptions.Singleline)]
    private static partial Regex Script();

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
