using ScottPlot;
using SkiaSharp;

namespace GptQuantBench.Reporting.Charts;

/// <summary>
/// The font of all charts, embedded: charts look the same on every machine, also on one without any font. Inter, SIL Open Font
/// License (Charts/Fonts/OFL.txt).
/// </summary>
internal sealed class ChartFonts : IFontResolver
{
    /// <summary>Name of the family.</summary>
    public const string Family = "Inter";

    private static readonly Lazy<ChartFonts> _instance = new(Register);

    private readonly SKTypeface _regular = Load("Inter-Regular.otf");
    private readonly SKTypeface _semiBold = Load("Inter-SemiBold.otf");

    private ChartFonts()
    {
    }

    /// <summary>The fonts, known to ScottPlot from the first call on.</summary>
    public static ChartFonts Instance => _instance.Value;

    /// <summary>The typeface of a weight.</summary>
    public SKTypeface Typeface(bool isBold) => isBold ? _semiBold : _regular;

    /// <inheritdoc />
    public SKTypeface? CreateTypeface(string fontName, FontWeight weight, FontSlant slant, FontSpacing spacing) =>
        CreateTypeface(fontName, weight >= FontWeight.SemiBold, italic: false);

    /// <inheritdoc />
    public SKTypeface? CreateTypeface(string fontName, bool bold, bool italic) => fontName == Family ? Typeface(bold) : null;

    private static ChartFonts Register()
    {
        var fonts = new ChartFonts();
        Fonts.FontResolvers.Insert(0, fonts);
        Fonts.Default = Family;
        return fonts;
    }

    private static SKTypeface Load(string name)
    {
        using Stream file = typeof(ChartFonts).Assembly.GetManifestResourceStream(name)!;
        using var data = SKData.Create(file);
        return SKTypeface.FromData(data);
    }
}
