using GptQuantBench.Reporting.Terminal;
using GptQuantBench.Reporting.Tests.Support;
using Spectre.Console;

namespace GptQuantBench.Reporting.Tests.Terminal;

public sealed class ConsoleReportTests
{
    [Theory]
    [InlineData(60)]
    [InlineData(80)]
    [InlineData(100)]
    [InlineData(200)]
    public void NoLineIsWiderThanTheConsole(int width) => Assert.All(
        new[] { SampleReports.Full(), SampleReports.Minimal(), SampleReports.Awkward() },
        report => Assert.All(Rendered.Console(report, width).Split('\n'), line => Assert.InRange(line.Length, 0, width + EmojiSurplus(line))));

    [Fact]
    public void At80ColumnsTheSixCasesHaveOneLineEach()
    {
        string[] lines = Rendered.Console(SampleReports.Full(), 80).Split('\n');
        Assert.All(
            SampleReports.Full().Results,
            result => Assert.Contains(lines, line => line.Contains($"{result.ModelName} ", StringComparison.Ordinal)
                && line.Contains($" {result.Quantization} ", StringComparison.Ordinal)
                && (line.EndsWith("OK", StringComparison.Ordinal) || line.EndsWith("FAILED", StringComparison.Ordinal))));
    }

    [Theory]
    [InlineData(true, null)]
    [InlineData(true, "")]
    [InlineData(false, "1")]
    public void RedirectedOutputAndNoColorArePlain(bool isRedirected, string? noColor)
    {
        using var text = new StringWriter();
        IAnsiConsole console = ReportConsole.Create(text, isRedirected, noColor);

        ConsoleReport.Write(console, SampleReports.Full());
        ConsoleReport.Write(console, SampleReports.Awkward());

        Assert.Contains("gpt2-medium", text.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', text.ToString());
        Assert.DoesNotContain('\u0007', text.ToString());
    }

    [Fact]
    public void ColourNeverCarriesWhatTheTextDoesNot()
    {
        string plain = Rendered.Console(SampleReports.Full(), 120);
        Assert.Contains("FAILED", plain, StringComparison.Ordinal);
        Assert.Contains("YES", plain, StringComparison.Ordinal);
        Assert.Contains("-24.0%", plain, StringComparison.Ordinal);
    }

    // One emoji of several parts takes two columns and up to eight UTF-16 units.
    private static int EmojiSurplus(string line) => line.Count(char.IsSurrogate) + line.Count(character => character == '\u200d');
}
