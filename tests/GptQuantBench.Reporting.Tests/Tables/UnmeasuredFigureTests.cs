using System.Text.RegularExpressions;
using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Tests.Support;

namespace GptQuantBench.Reporting.Tests.Tables;

public sealed partial class UnmeasuredFigureTests
{
    [Theory]
    [InlineData(0.0)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    [InlineData(double.Epsilon)]
    [InlineData(double.MaxValue)]
    public void ExtremeFiguresNeverShowAsNotANumber(double value)
    {
        RunReport full = SampleReports.Full();
        RunReport extreme = full with
        {
            Metadata = full.Metadata with { TotalVramGb = value },
            Results =
            [
                .. full.Results.SelectMany(result => new[]
                {
                    result with { MemoryGb = value, ThroughputTokensPerSec = value, FirstTokenLatencyMs = value },
                    result with { TotalInferenceTimeSec = value, FirstTokenLatencyColdMs = value, InterTokenLatencyMs = new() { Mean = value } },
                    result with { Roofline = RooflineRecord.Of(1, value, value), BitsPerWeight = value },
                }),
            ],
        };

        Assert.DoesNotMatch(NotANumber(), ReportTexts.All(extreme));
    }

    [GeneratedRegex(ReportTexts.NotANumber)]
    private static partial Regex NotANumber();
}
