namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>
/// How a tiled product is cut into blocks, so that all multiprocessors have as much to do and few sums are added.
/// </summary>
/// <param name="TileRows">Rows of a tile that are used, a multiple of 16.</param>
/// <param name="Tiles">Tiles of that many rows.</param>
/// <param name="Splits">Parts that the columns are cut into; every one has at least one stage.</param>
internal readonly record struct TileCut(int TileRows, int Tiles, int Splits)
{
    private const int RowGranularity = 16;

    // In quarters of a stage of a whole tile, after measurements on an H100: half of a stage is there whatever its rows; starting a block;
    // adding sums, and for each split.
    private const double FixedPart = 2;
    private const double RowPart = 2;
    private const double Start = 6;
    private const double AddSums = 15;

    /// <summary>The cut that takes least.</summary>
    /// <param name="rows">Of the matrix.</param>
    /// <param name="stages">Of a tile, along the columns.</param>
    /// <param name="mostTileRows">Rows that a block has room for.</param>
    /// <param name="slots">Blocks that run at the same time.</param>
    public static TileCut Of(int rows, int stages, int mostTileRows, int slots)
    {
        TileCut best = default;
        double least = double.MaxValue;
        for (int tileRows = mostTileRows; tileRows >= mostTileRows * 3 / 4; tileRows -= RowGranularity)
        {
            int tiles = (rows + tileRows - 1) / tileRows;
            for (int splits = 1; splits <= stages && (splits == 1 || tiles * splits <= slots); splits++)
            {
                int each = (stages + splits - 1) / splits;
                int rounds = ((tiles * splits) + slots - 1) / slots;
                bool hasEmptySplit = (stages + each - 1) / each != splits;

                // Tiles of fewer rows pay off only where they fill the device.
                bool isFull = 10L * tiles * splits >= 9L * rounds * slots;
                if (hasEmptySplit || (tileRows < mostTileRows && !isFull))
                {
                    continue;
                }

                double stage = FixedPart + (RowPart * tileRows / mostTileRows);
                double cost = (rounds * ((stage * each) + Start)) + (splits > 1 ? AddSums + splits : 0);
                (best, least) = cost < least ? (new(tileRows, tiles, splits), cost) : (best, least);
            }
        }

        return best;
    }
}
