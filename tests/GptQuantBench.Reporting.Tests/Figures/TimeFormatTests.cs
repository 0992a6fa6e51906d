using GptQuantBench.Reporting.Figures;

namespace GptQuantBench.Reporting.Tests.Figures;

public sealed class TimeFormatTests
{
    [Theory]
    [InlineData(0.0571, "57.1 ms")]
    [InlineData(1.0, "1.00 s")]
    [InlineData(89.0, "89.0 s")]
    [InlineData(90.0, "1.50 min")]
    [InlineData(5400.0, "1.50 h")]
    [InlineData(null, "-")]
    [InlineData(double.NaN, "-")]
    public void UnitSuitsTheTime(double? seconds, string expected) => Assert.Equal(expected, FigureFormat.Time(seconds));
}
