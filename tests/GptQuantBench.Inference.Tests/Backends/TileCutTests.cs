using GptQuantBench.Inference.Backends.Cuda;

namespace GptQuantBench.Inference.Tests.Backends;

/// <summary>How tiled products are cut into blocks; what the cuts give is measured on a GPU.</summary>
public sealed class TileCutTests
{
    private const int H100 = 132;

    // docs/kernels.md, "Products alone": 16 and 32 stages in 4-bit.
    [Theory]
    [InlineData(14336, 16, 128, 2 * H100, 112, 2)]
    [InlineData(28672, 32, 128, 2 * H100, 112, 1)]
    [InlineData(28672, 32, 256, H100, 224, 1)]
    [InlineData(768, 12, 128, 2 * H100, 128, 6)]
    public void All_multiprocessors_have_as_much_to_do(int rows, int stages, int mostTileRows, int slots, int tileRows, int splits) =>
        Assert.Equal((tileRows, splits), (TileCut.Of(rows, stages, mostTileRows, slots).TileRows, TileCut.Of(rows, stages, mostTileRows, slots).Splits));

    [Fact]
    public void Every_row_and_stage_is_somebodys_and_split_sums_have_their_place()
    {
        foreach (int slots in (int[])[2, 7, 108, H100, 2 * H100])
        {
            foreach (int rows in (int[])[1, 16, 95, 128, 129, 768, 3072, 14336, 50257])
            {
                for (int stages = 1; stages <= 130; stages++)
                {
                    foreach (int most in (int[])[128, 256])
                    {
                        TileCut cut = TileCut.Of(rows, stages, most, slots);
                        string what = $"{rows} rows, {stages} stages, tiles of {most}, {slots} slots: {cut}";
                        Assert.True(cut.TileRows % 16 == 0 && cut.TileRows > 0 && cut.TileRows <= most, what);
                        Assert.True((long)cut.Tiles * cut.TileRows >= rows && (cut.Tiles - 1) * cut.TileRows < rows, what);
                        Assert.True(cut.Splits == 1 || cut.Tiles * cut.Splits <= slots, what);

                        // As the kernel cuts them.
                        int each = (stages + cut.Splits - 1) / cut.Splits;
                        Assert.True((cut.Splits - 1) * each < stages && cut.Splits * each >= stages, what);
                    }
                }
            }
        }
    }
}
