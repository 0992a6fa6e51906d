using GptQuantBench.Reporting.Figures;

namespace GptQuantBench.Reporting.Tests.Figures;

public sealed class ErrorFormatTests
{
    [Theory]
    [InlineData(0.050268, 0.00017, "0.05027 ±0.00017")]
    [InlineData(75.868, 1.14, "75.9 ±1.1")]
    [InlineData(1234.6, 56.0, "1235 ±56")]
    [InlineData(0.5, null, "0.500")]
    [InlineData(0.5, 0.0, "0.500")]
    [InlineData(null, 0.1, "-")]
    [InlineData(double.NaN, 0.1, "-")]
    public void ANumberShowsAsManyDigitsAsItsErrorHasWithTwo(double? value, double? error, string expected) =>
        Assert.Equal(expected, FigureFormat.WithError(value, error));

    [Theory]
    [InlineData(0.0454, 0.0016, "+4.54 ±0.16%")]
    [InlineData(-0.0003, 0.00014, "-0.030 ±0.014%")]
    [InlineData(null, null, "-")]
    public void AChangeHasItsSign(double? change, double? error, string expected) =>
        Assert.Equal(expected, FigureFormat.ChangeWithError(change, error));
}
