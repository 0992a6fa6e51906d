using System.Globalization;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Figures;

/// <summary>Figures as people read them: three significant digits, a point, and a dash for what was not measured.</summary>
public static class FigureFormat
{
    /// <summary>Stands where nothing was measured.</summary>
    public const string Missing = "-";

    private static readonly CultureInfo _culture = CultureInfo.InvariantCulture;

    /// <summary>A number with three significant digits; digits before the point are never rounded away.</summary>
    public static string Number(double? value)
    {
        if (Ratio.Finite(value) is not { } number)
        {
            return Missing;
        }

        double magnitude = Math.Abs(number);
        return magnitude switch
        {
            0 => "0",
            < 1e-6 or >= 1e9 => number.ToString("0.##E+0", _culture),
            _ => number.ToString("F" + Math.Max(0, 2 - (int)Math.Floor(Math.Log10(magnitude))).ToString(_culture), _culture),
        };
    }

    /// <summary>A perplexity: two digits behind the point, because it is compared with its like.</summary>
    public static string Perplexity(double? value) =>
        Ratio.Finite(value) is { } number ? number.ToString("F2", _culture) : Missing;

    /// <summary>A count.</summary>
    public static string Count(long? value) => value?.ToString(_culture) ?? Missing;

    /// <summary>A number with its spread: the median absolute deviation in percent of the number.</summary>
    public static string WithSpread(double? value, Spread? spread)
    {
        string number = Number(value);
        double? relative = Ratio.Of(spread?.MedianAbsoluteDeviation, value) * 100;
        return relative switch
        {
            null => number,
            < 0.05 => number + " ±<0.1%",
            < 10 => string.Create(_culture, $"{number} ±{relative:F1}%"),
            _ => string.Create(_culture, $"{number} ±{relative:F0}%"),
        };
    }

    /// <summary>A number with one standard error: as many digits as its error has with two significant ones.</summary>
    public static string WithError(double? value, double? error) =>
        Ratio.Finite(value) is { } number && Ratio.Finite(error) is { } width and > 0
            ? string.Create(_culture, $"{number.ToString(Digits(width), _culture)} ±{width.ToString(Digits(width), _culture)}")
            : Number(value);

    /// <summary>A share in percent with one standard error in percentage points.</summary>
    public static string PercentWithError(double? share, double? error) =>
        Ratio.Finite(share) is null ? Missing : $"{WithError(share * 100, error * 100)}%";

    /// <summary>A relative change in percent, with its sign and one standard error in percentage points.</summary>
    public static string ChangeWithError(double? change, double? error) =>
        Ratio.Finite(change) is not { } value ? Missing : $"{(value < 0 ? "" : "+")}{PercentWithError(value, error)}";

    /// <summary>A share in percent.</summary>
    public static string Percent(double? share) =>
        Ratio.Finite(share) is { } value ? string.Create(_culture, $"{value * 100:F1}%") : Missing;

    /// <summary>A relative change in percent, with its sign.</summary>
    public static string Change(double? change) =>
        Ratio.Finite(change) is { } value ? string.Create(_culture, $"{value * 100:+0.0;-0.0;0.0}%") : Missing;

    /// <summary>A factor.</summary>
    public static string Times(double? factor) =>
        Ratio.Finite(factor) is { } value ? string.Create(_culture, $"{value:F2}x") : Missing;

    /// <summary>Bytes in decimal units.</summary>
    public static string Bytes(long? bytes) => bytes switch
    {
        null => Missing,
        > -1000 and < 1000 => string.Create(_culture, $"{bytes} B"),
        > -1_000_000 and < 1_000_000 => Number(bytes / 1e3) + " kB",
        > -1_000_000_000 and < 1_000_000_000 => Number(bytes / 1e6) + " MB",
        _ => Number(bytes / 1e9) + " GB",
    };

    /// <summary>A span of time, roughly.</summary>
    public static string Duration(TimeSpan duration) => duration.TotalSeconds switch
    {
        < 90 => string.Create(_culture, $"{Math.Max(1, Math.Round(duration.TotalSeconds)):F0} s"),
        < 90 * 60 => string.Create(_culture, $"{duration.TotalMinutes:F0} min"),
        _ => string.Create(_culture, $"{Math.Floor(duration.TotalHours):F0} h {duration.Minutes} min"),
    };

    /// <summary>A time in the unit that suits it: milliseconds, seconds, minutes or hours, three significant digits.</summary>
    public static string Time(double? seconds) => Ratio.Finite(seconds) switch
    {
        null => Missing,
        < 1 => Number(seconds * 1e3) + " ms",
        < 90 => Number(seconds) + " s",
        < 90 * 60 => Number(seconds / 60) + " min",
        _ => Number(seconds / 3600) + " h",
    };

    /// <summary>A moment, to the second, in UTC.</summary>
    public static string Moment(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", _culture);

    /// <summary>Digits that show a width with two significant ones.</summary>
    private static string Digits(double width) =>
        "F" + Math.Clamp(1 - (int)Math.Floor(Math.Log10(width)), 0, 9).ToString(_culture);
}
