using ScottPlot;

namespace GptQuantBench.Reporting.Charts;

/// <summary>Places labels beside points so that they cover neither each other nor a point.</summary>
internal static class LabelPlacement
{
    private const int Directions = 16;
    private const float Step = 6;
    private const int Rings = 30;

    /// <summary>A place for each label, point by point in the given order.</summary>
    /// <param name="centers">The points, pixels, downward.</param>
    /// <param name="sizes">Size of each point's label.</param>
    /// <param name="bounds">Where labels may lie.</param>
    /// <param name="radius">Radius of a point's marker.</param>
    public static PixelRect[] Place(Pixel[] centers, PixelSize[] sizes, PixelRect bounds, float radius)
    {
        PixelRect[] markers = [.. centers.Select(center => new PixelRect(center.X - radius, center.X + radius, center.Y + radius, center.Y - radius))];
        var places = new List<PixelRect>();
        for (int index = 0; index < centers.Length; index++)
        {
            PixelRect[] candidates = [.. Candidates(centers[index], sizes[index], radius).Where(place => IsInside(place, bounds))];
            PixelRect? free = candidates
                .Where(place => !markers.Concat(places).Any(taken => Overlap(taken, place)))
                .Select(place => (PixelRect?)place)
                .FirstOrDefault();
            places.Add(free ?? candidates.FirstOrDefault(Around(centers[index], sizes[index], 0, radius)));
        }

        return [.. places];
    }

    private static IEnumerable<PixelRect> Candidates(Pixel center, PixelSize size, float radius) =>
        from ring in Enumerable.Range(0, Rings)
        from direction in Enumerable.Range(0, Directions)
            // Right, left, then upward and downward in turn: beside a point reads best.
        let turn = direction % 2 == 0 ? direction / 2 : Directions - 1 - direction / 2
        select Around(center, size, 2 * Math.PI * turn / Directions, radius + 3 + ring * Step);

    /// <summary>The label whose nearest side lies at a distance in a direction, counter-clockwise from the right.</summary>
    private static PixelRect Around(Pixel center, PixelSize size, double angle, float distance)
    {
        (double sin, double cos) = Math.SinCos(angle);
        float x = center.X + (float)cos * (distance + size.Width / 2);
        float y = center.Y - (float)sin * (distance + size.Height / 2);
        return new PixelRect(x - size.Width / 2, x + size.Width / 2, y + size.Height / 2, y - size.Height / 2);
    }

    private static bool IsInside(PixelRect place, PixelRect bounds) =>
        place.Left >= bounds.Left && place.Right <= bounds.Right && place.Top >= bounds.Top && place.Bottom <= bounds.Bottom;

    private static bool Overlap(PixelRect a, PixelRect b) => a.Left < b.Right && b.Left < a.Right && a.Top < b.Bottom && b.Top < a.Bottom;
}
