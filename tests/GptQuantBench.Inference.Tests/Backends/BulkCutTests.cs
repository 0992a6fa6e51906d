using GptQuantBench.Inference.Backends.Cuda;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Tests.Backends;

/// <summary>How products of the tensor copy engine are cut into blocks; what the cuts give is measured on a GPU.</summary>
public sealed class BulkCutTests
{
    private const int H100 = 132;

    // docs/kernels.md, "By the tensor copy engine": inputs, outputs; rows of a tile, tiles, splits. 0 rows: tiled.cuh.
    [Theory]
    [InlineData("int4-g32-sym", 4096, 14336, 112, 128, 1)]
    [InlineData("int4-g32-sym", 8192, 28672, 224, 128, 1)]
    [InlineData("int4-g32-sym", 2048, 8192, 64, 128, 1)]
    [InlineData("int4-g32-sym", 8192, 8192, 224, 37, 3)]
    [InlineData("int4-g32-sym", 4096, 4096, 128, 32, 3)]
    [InlineData("int4-g32-sym", 4096, 6144, 128, 48, 2)]
    [InlineData("int4-g32-sym", 6400, 1600, 128, 13, 7)]
    [InlineData("int4-g32-sym", 1280, 50257, 192, 262, 1)]
    [InlineData("int4-g32-sym", 4096, 32000, 0, 0, 0)]
    [InlineData("int4-g32-sym", 14336, 4096, 0, 0, 0)]
    [InlineData("int4-g32-sym", 1600, 6400, 0, 0, 0)]
    [InlineData("int8-row-sym", 4096, 14336, 112, 128, 1)]
    [InlineData("int8-row-sym", 4096, 4096, 0, 0, 0)]
    [InlineData("fp16", 4096, 14336, 0, 0, 0)]
    public void The_cut_is_the_one_that_was_fastest(string format, int columns, int rows, int tileRows, int tiles, int splits)
    {
        BulkCut? cut = ShapeOf(format, rows, columns) is { } shape ? BulkCut.Of(shape, H100) : null;
        Assert.Equal((tileRows, tiles, splits), (cut?.TileRows ?? 0, cut?.Tiles ?? 0, cut?.Splits ?? 0));
    }

    [Fact]
    public void Every_row_and_stage_is_somebodys_and_all_have_room()
    {
        int cuts = 0;
        foreach (string format in (string[])["int8-row-sym", "int8-g64-sym", "int4-g32-sym", "int4-g128-sym", "int4-g32-asym"])
        {
            foreach (int multiprocessors in (int[])[1, 7, 78, H100])
            {
                foreach (int rows in (int[])[1, 300, 1600, 4096, 6345, 14336, 20000, 28672, 50257])
                {
                    for (int columns = 256; columns <= 16384; columns += 1280)
                    {
                        foreach (int tokens in (int[])[8, 16])
                        {
                            if (ShapeOf(format, rows, columns) is not { } shape || BulkCut.Of(shape, multiprocessors) is not { } cut)
                            {
                                continue;
                            }

                            cuts++;
                            string what = $"{format} {rows}x{columns}, {tokens} tokens, {multiprocessors} multiprocessors: {cut}";

                            // As the kernel shares rows and stages out.
                            int units = (rows + BulkCut.UnitRows - 1) / BulkCut.UnitRows;
                            Assert.True((units + cut.Tiles - 1) / cut.Tiles * BulkCut.UnitRows <= cut.TileRows, what);
                            Assert.True(cut.Warps is >= 1 and <= BulkCut.MostWarps && cut.TileRows <= 256, what);
                            Assert.True((cut.Splits - 1) * cut.Each < shape.Stages && cut.Splits * cut.Each >= shape.Stages, what);
                            Assert.True(cut.Splits == 1 || cut.Each % shape.StagesOfBox == 0, what);
                            Assert.True(cut.Splits == 1 || cut.Tiles * cut.Warps <= BulkKernels.MostArrivals(multiprocessors), what);

                            // A box of scales is not written over before all stages that need it are done.
                            (int ring, int scaleRing, int shared) = BulkKernels.RingOf(shape, cut, tokens);
                            Assert.True(ring is >= 2 and <= 32 && scaleRing <= 32, what);
                            Assert.True(shape.ScaleRowBytes == 0 || scaleRing * shape.StagesOfBox >= ring - 1 + shape.StagesOfBox, what);
                            Assert.True(shared <= (cut.IsTall ? 226 : 113) * 1024, what);
                        }
                    }
                }
            }
        }

        Assert.True(cuts > 500, $"only {cuts} cuts");
    }

    private static BulkShape? ShapeOf(string name, int rows, int columns)
    {
        QuantizationFormat format = QuantizationFormat.Parse(name).Layout;
        PackedLayout layout = new(format, rows, columns);
        MatrixView view = new()
        {
            Codes = default,
            Scales = default,
            Minima = default,
            Rows = rows,
            Columns = columns,
            Pitch = layout.CodeRowBytes,
            Groups = layout.GroupsPerRow,
            GroupShift = layout.IsGrouped ? (int)Math.Log2(format.GroupSize) : 0,
        };
        return BulkShape.Of(format, view);
    }
}
