namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>How a product of tiled_bulk.cuh is cut into blocks.</summary>
/// <param name="IsTall">Whether a block takes a whole multiprocessor, with 32 rows a warp; else half of one, with 16.</param>
/// <param name="Warps">Warps of a block that share a stage, at most <see cref="MostWarps"/>.</param>
/// <param name="Tiles">Tiles of as many rows as these warps have.</param>
/// <param name="Splits">Parts that the stages are cut into; every one has at least one.</param>
/// <param name="Each">Stages of a part, a multiple of <see cref="BulkShape.StagesOfBox"/>; the last part may have fewer.</param>
internal readonly record struct BulkCut(bool IsTall, int Warps, int Tiles, int Splits, int Each)
{
    /// <summary>Warps of a block that share a stage, at most: what registers allow.</summary>
    public const int MostWarps = 7;

    /// <summary>Rows in which tiles are shared out.</summary>
    public const int UnitRows = 16;

    // A tile a multiprocessor: small tiles are done with a stage before the next can have been asked for, so they want few stages.
    private const int FewestWarps = 4;
    private const int WarpsForManyStages = 5;
    private const int FewStages = 32;

    // Several tall tiles a multiprocessor, one after the other: how much of the device must have work in all rounds.
    private const int FewestWarpsOfRounds = 6;
    private const double FullRounds = 0.85;

    // Split tiles, after measurements on an H100, where they were slower with more stages: the least and the largest part of the multiprocessors that have one (the others let the
    // next launch begin), splits at most, and what they cost, in units of 16 rows of a stage: activations for a stage of a tile, sums of a
    // split.
    private const double LeastPart = 0.57;
    private const double LargestPart = 0.85;
    private const int MostSplits = 8;
    private const double StageOfTile = 1.0 / 18;
    private const double SumsOfSplit = 32;
    private const int MostStages = 64;

    /// <summary>Rows that a block has room for.</summary>
    public int TileRows => Warps * UnitRows * (IsTall ? 2 : 1);

    /// <summary>The cut that measurements found fastest; null where tiled.cuh is faster (docs/kernels.md, "Which product runs").</summary>
    /// <param name="shape">The matrix.</param>
    /// <param name="multiprocessors">Of the device.</param>
    public static BulkCut? Of(BulkShape shape, int multiprocessors)
    {
        int units = (shape.Rows + UnitRows - 1) / UnitRows, most = (units + multiprocessors - 1) / multiprocessors;
        if (most is >= FewestWarps and <= MostWarps && (most >= WarpsForManyStages || shape.Stages <= FewStages))
        {
            return Whole(shape, isTall: false, units, most);
        }

        if (most is > MostWarps and <= 2 * MostWarps)
        {
            return Whole(shape, isTall: true, units, (most + 1) / 2);
        }

        // Eight bits a weight are bound by memory, where the other kernels lose least.
        return shape.Bits == 8 ? null
            : most > MostWarps ? Rounds(shape, units, multiprocessors)
            : shape.Stages <= MostStages ? Split(shape, units, multiprocessors) : null;
    }

    private static BulkCut Whole(BulkShape shape, bool isTall, int units, int warps)
    {
        int unitsOfTile = isTall ? 2 * warps : warps;
        return new(isTall, warps, (units + unitsOfTile - 1) / unitsOfTile, 1, shape.Stages);
    }

    private static BulkCut? Rounds(BulkShape shape, int units, int multiprocessors)
    {
        (BulkCut Cut, double Part) best = default;
        for (int warps = FewestWarpsOfRounds; warps <= MostWarps; warps++)
        {
            BulkCut cut = Whole(shape, isTall: true, units, warps);
            int rounds = (cut.Tiles + multiprocessors - 1) / multiprocessors;
            double part = units / ((double)rounds * multiprocessors * 2 * warps);
            best = part > best.Part ? (cut, part) : best;
        }

        return best.Part >= FullRounds ? best.Cut : null;
    }

    private static BulkCut? Split(BulkShape shape, int units, int multiprocessors)
    {
        BulkCut? best = null;
        double least = double.MaxValue;
        for (int warps = FewestWarps; warps <= MostWarps; warps++)
        {
            int tiles = (units + (2 * warps) - 1) / (2 * warps);
            for (int splits = 2; splits <= MostSplits; splits++)
            {
                int each = (shape.Stages + splits - 1) / splits;
                each = (each + shape.StagesOfBox - 1) / shape.StagesOfBox * shape.StagesOfBox;
                double part = (double)tiles * splits / multiprocessors;
                double cost = (2 * warps * each) + (tiles * shape.Stages * StageOfTile) + (splits * SumsOfSplit);
                if ((shape.Stages + each - 1) / each == splits && part is >= LeastPart and <= LargestPart && cost < least)
                {
                    (best, least) = (new(IsTall: true, warps, tiles, splits, each), cost);
                }
            }
        }

        return best;
    }
}
