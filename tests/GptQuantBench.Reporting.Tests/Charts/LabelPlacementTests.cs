using GptQuantBench.Reporting.Charts;
using ScottPlot;

namespace GptQuantBench.Reporting.Tests.Charts;

public sealed class LabelPlacementTests
{
    private static readonly PixelRect _bounds = new(0, 500, 320, 0);

    [Fact]
    public void LabelStandsRightOfALonelyPoint()
    {
        PixelRect place = Assert.Single(LabelPlacement.Place([new(100, 100)], [new(60, 16)], _bounds, 5));

        Assert.True(place.Left > 105);
        Assert.Equal(100, (place.Top + place.Bottom) / 2, 0.1f);
    }

    [Fact]
    public void LabelsOfACrowdCoverNeitherEachOtherNorAPointNorTheEdge()
    {
        var random = new Random(7);
        Pixel[] points = [.. Enumerable.Range(0, 12).Select(_ => new Pixel(350 + random.Next(140), 200 + random.Next(110)))];
        PixelRect[] places = LabelPlacement.Place(points, [.. points.Select(_ => new PixelSize(90, 16))], _bounds, 5);

        for (int index = 0; index < places.Length; index++)
        {
            PixelRect place = places[index];
            Assert.True(place.Left >= 0 && place.Right <= 500 && place.Top >= 0 && place.Bottom <= 320);
            Assert.DoesNotContain(places.Where((_, other) => other != index), other =>
                place.Left < other.Right && other.Left < place.Right && place.Top < other.Bottom && other.Top < place.Bottom);
            Assert.DoesNotContain(points, point => point.X > place.Left && point.X < place.Right && point.Y > place.Top && point.Y < place.Bottom);
        }
    }

    [Fact]
    public void LabelWithoutAnyRoomIsStillPlaced() =>
        Assert.Single(LabelPlacement.Place([new(10, 10)], [new(900, 16)], _bounds, 5));
}
