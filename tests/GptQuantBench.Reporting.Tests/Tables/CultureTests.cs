using System.Globalization;
using GptQuantBench.Reporting.Json;
using GptQuantBench.Reporting.Markdown;
using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Tests.Support;

namespace GptQuantBench.Reporting.Tests.Tables;

public sealed class CultureTests
{
    [Fact]
    public void LanguageOfTheMachineChangesNothing()
    {
        RunReport report = SampleReports.Full();
        CultureInfo before = CultureInfo.CurrentCulture;
        string expected = Everything(report);
        try
        {
            CultureInfo.CurrentCulture = German();
            Assert.Equal("1,5", $"{1.5}");
            Assert.Equal(expected, Everything(report));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    private static string Everything(RunReport report)
    {
        byte[] json = ReportJson.Serialize(report);
        RunReport read = ReportJson.Parse(json, "report.json");
        return System.Text.Encoding.UTF8.GetString(json) + MarkdownReport.Of(read) + Rendered.Console(read, 80);
    }

    // What de-DE says of numbers and dates; the tests run without the system's language data.
    private static CultureInfo German()
    {
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        culture.NumberFormat.NumberDecimalSeparator = ",";
        culture.NumberFormat.NumberGroupSeparator = ".";
        culture.NumberFormat.PercentDecimalSeparator = ",";
        culture.NumberFormat.NegativeSign = "−";
        culture.DateTimeFormat.DateSeparator = ".";
        culture.DateTimeFormat.TimeSeparator = ".";
        return culture;
    }
}
