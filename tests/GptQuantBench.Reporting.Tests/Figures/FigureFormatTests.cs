using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Tests.Figures;

public sealed class FigureFormatTests
{
    [Theory]
    [InlineData(null, "-")]
    [InlineData(double.NaN, "-")]
    [InlineData(double.NegativeInfinity, "-")]
    [InlineData(0.0, "0")]
    [InlineData(0.0012345, "0.00123")]
    [InlineData(0.24888, "0.249")]
    [InlineData(1.0, "1.00")]
    [InlineData(9.876, "9.88")]
    [InlineData(98.76, "98.8")]
    [InlineData(987.6, "988")]
    [InlineData(11083.4, "11083")]
    [InlineData(-12.34, "-12.3")]
    [InlineData(1.5e-7, "1.5E-7")]
    [InlineData(1e-6, "0.00000100")]
    [InlineData(999_999_999.0, "999999999")]
    [InlineData(1e9, "1E+9")]
    [InlineData(2e9, "2E+9")]
    public void NumberHasThreeDigits(double? value, string expected) => Assert.Equal(expected, FigureFormat.Number(value));

    [Theory]
    [InlineData(null, "-")]
    [InlineData(0L, "0 B")]
    [InlineData(999L, "999 B")]
    [InlineData(1000L, "1.00 kB")]
    [InlineData(-1000L, "-1.00 kB")]
    [InlineData(1_000_000L, "1.00 MB")]
    [InlineData(-1_000_000L, "-1.00 MB")]
    [InlineData(1_000_000_000L, "1.00 GB")]
    [InlineData(-1_000_000_000L, "-1.00 GB")]
    [InlineData(-4096L, "-4.10 kB")]
    [InlineData(2_359_296L, "2.36 MB")]
    [InlineData(85_000_000_000L, "85.0 GB")]
    public void BytesHaveDecimalUnits(long? value, string expected) => Assert.Equal(expected, FigureFormat.Bytes(value));

    [Theory]
    [InlineData(100.0, null, "100")]
    [InlineData(null, 1.0, "-")]
    [InlineData(100.0, 0.0, "100 ±<0.1%")]
    [InlineData(100.0, 0.05, "100 ±0.1%")]
    [InlineData(100.0, 1.26, "100 ±1.3%")]
    [InlineData(100.0, 10.0, "100 ±10%")]
    [InlineData(100.0, 25.0, "100 ±25%")]
    [InlineData(0.0, 1.0, "0")]
    public void SpreadIsInPercent(double? value, double? deviation, string expected) =>
        Assert.Equal(expected, FigureFormat.WithSpread(value, new Spread { MedianAbsoluteDeviation = deviation }));

    [Theory]
    [InlineData(null, "-", "-", "-")]
    [InlineData(double.PositiveInfinity, "-", "-", "-")]
    [InlineData(0.4931, "49.3%", "+49.3%", "0.49x")]
    [InlineData(-0.25, "-25.0%", "-25.0%", "-0.25x")]
    [InlineData(1.0, "100.0%", "+100.0%", "1.00x")]
    public void SharesChangesAndFactorsAreShort(double? value, string share, string change, string factor)
    {
        Assert.Equal(share, FigureFormat.Percent(value));
        Assert.Equal(change, FigureFormat.Change(value));
        Assert.Equal(factor, FigureFormat.Times(value));
    }

    [Theory]
    [InlineData(0.2, "1 s")]
    [InlineData(42.4, "42 s")]
    [InlineData(240, "4 min")]
    [InlineData(3900, "65 min")]
    [InlineData(7500, "2 h 5 min")]
    public void DurationIsRough(double seconds, string expected) =>
        Assert.Equal(expected, FigureFormat.Duration(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData(0.0, 0.001, "+0.00 ±0.10%")]
    [InlineData(-0.02, 0.001, "-2.00 ±0.10%")]
    [InlineData(null, 0.001, "-")]
    public void AChangeHasItsSignAndItsError(double? change, double? error, string expected) => Assert.Equal(expected, FigureFormat.ChangeWithError(change, error));

    [Theory]
    [InlineData(0.9996, "1000 ms")]
    [InlineData(1.0, "1.00 s")]
    [InlineData(89.9, "89.9 s")]
    [InlineData(90.0, "1.50 min")]
    [InlineData(5400.0, "1.50 h")]
    public void ATimeHasTheUnitThatSuitsIt(double seconds, string expected) => Assert.Equal(expected, FigureFormat.Time(seconds));
}
