using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>
/// One input vector as 16-bit integers, for products with integer codes. Per block of 32 columns: scale = absmax / 32767,
/// code = round(x · (32767 / absmax)), ties to even; a block of zeros has scale 0. 32 · 32767 · 127 fits an int, so the sum of a
/// block is exact.
/// <code>
/// codes for int8     [block][32]                      in column order
/// codes for int4     [blocks / n][run 0 … 3][n][8]    n blocks to a vector of n × 16 bytes of weights: the order in which masks and
///                                                     shifts take nibbles from the 16-bit words of that vector
///      run 0         columns 0, 2, … 14               bits 0 … 3 of a block's 8 words
///      run 1         columns 16, 18, … 30             bits 4 … 7
///      run 2         columns 1, 3, … 15               bits 8 … 11
///      run 3         columns 17, 19, … 31             bits 12 … 15
/// </code>
/// </summary>
internal sealed unsafe class QuantizedActivations : IDisposable
{
    private const float Largest = short.MaxValue;

    // Vectors of weights and scales may reach this many blocks; what is behind the last block is zero.
    private const int BlockPadding = 16;

    // 32-bit lanes of a block's products.
    private const int Lanes = 4;

    private readonly NativeBuffer<short> _codes;
    private readonly NativeBuffer<float> _scales;
    private readonly NativeBuffer<float> _sums;
    private readonly NativeBuffer<int> _offsets;

    /// <param name="ledger">Counts the memory.</param>
    /// <param name="columns">Columns of the longest vector.</param>
    public QuantizedActivations(MemoryLedger ledger, int columns)
    {
        long blocks = ((columns + PackedLayout.BlockColumns - 1) / PackedLayout.BlockColumns) + BlockPadding;
        try
        {
            _codes = new(ledger, MemoryCategory.Workspace, blocks * PackedLayout.BlockColumns, BufferFill.Zero);
            _scales = new(ledger, MemoryCategory.Workspace, blocks, BufferFill.Zero);
            _sums = new(ledger, MemoryCategory.Workspace, blocks, BufferFill.Zero);
            _offsets = new(ledger, MemoryCategory.Workspace, blocks * Lanes, BufferFill.Zero);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The integers, in the order for the matrix that they were quantised for.</summary>
    public short* Codes => _codes.Data;

    /// <summary>FP32 [blocks].</summary>
    public float* Scales => _scales.Data;

    /// <summary>FP32 [blocks]: scale times the sum of the integers, what a minimum is multiplied with; for int4 only.</summary>
    public float* Sums => _sums.Data;

    /// <summary>
    /// [blocks][4]: −8 times the sum of the integers that meet in a 32-bit lane of the products, since a code c of a symmetric
    /// format means c − 8; for int4 only.
    /// </summary>
    public int* Offsets => _offsets.Data;

    /// <summary>Replaces values by what their integers stand for.</summary>
    /// <param name="x">FP32 [blocks × 32].</param>
    /// <param name="blocks">Blocks.</param>
    public static void Round(float* x, int blocks)
    {
        for (int block = 0; block < blocks; block++, x += PackedLayout.BlockColumns)
        {
            Vector256<float> scale = Vector256.Create(Scale(x, out Vector256<float> inverse));
            for (int i = 0; i < PackedLayout.BlockColumns; i += 8)
            {
                (Vector256.ConvertToSingle(Integers(x + i, inverse)) * scale).Store(x + i);
            }
        }
    }

    /// <summary>Quantises a vector.</summary>
    /// <param name="x">FP32 [blocks × 32].</param>
    /// <param name="blocks">Blocks.</param>
    /// <param name="bits">Of the matrix that it is multiplied with: 8 or 4.</param>
    /// <param name="blocksPerVector">Blocks of int4 codes that the kernel loads at once.</param>
    public void Quantize(float* x, int blocks, int bits, int blocksPerVector)
    {
        for (int block = 0; block < blocks; block++, x += PackedLayout.BlockColumns)
        {
            float scale = Scale(x, out Vector256<float> inverse);
            Scales[block] = scale;
            Vector256<short> low = Vector256.Narrow(Integers(x, inverse), Integers(x + 8, inverse));
            Vector256<short> high = Vector256.Narrow(Integers(x + 16, inverse), Integers(x + 24, inverse));
            if (bits == 8)
            {
                low.Store(Codes + (block * PackedLayout.BlockColumns));
                high.Store(Codes + (block * PackedLayout.BlockColumns) + 16);
                continue;
            }

            int within = block % blocksPerVector;
            short* codes = Codes + ((block - within) * PackedLayout.BlockColumns) + (within * 8);
            int run = blocksPerVector * 8;
            Vector256<int> lowEven = Even(low), lowOdd = Odd(low), highEven = Even(high), highOdd = Odd(high);
            Narrow(lowEven).Store(codes);
            Narrow(highEven).Store(codes + run);
            Narrow(lowOdd).Store(codes + (2 * run));
            Narrow(highOdd).Store(codes + (3 * run));

            // A lane has two words, neighbours in each run.
            Vector256<int> words = (lowEven + lowOdd) + (highEven + highOdd);
            for (int lane = 0; lane < Lanes; lane++)
            {
                Offsets[(block * Lanes) + lane] = -8 * (words[2 * lane] + words[(2 * lane) + 1]);
            }

            Sums[block] = scale * Vector256.Sum(words);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        // Not all of them exist where memory ran out on the way.
        _codes?.Dispose();
        _scales?.Dispose();
        _sums?.Dispose();
        _offsets?.Dispose();
    }

    private static float Scale(float* x, out Vector256<float> inverse)
    {
        // Magnitudes order as integers do, NaN above infinity.
        Vector256<int> maxima = Vector256.Max(
            Vector256.Max(Magnitudes(x), Magnitudes(x + 8)), Vector256.Max(Magnitudes(x + 16), Magnitudes(x + 24)));
        Vector128<int> four = Vector128.Max(maxima.GetLower(), maxima.GetUpper());
        float largest = BitConverter.Int32BitsToSingle(Math.Max(Math.Max(four[0], four[1]), Math.Max(four[2], four[3])));

        // Below this the inverse would overflow; such a block is zero beside any other. What is not finite must stay visible.
        if (!(largest >= 1e-30f && largest <= float.MaxValue))
        {
            inverse = Vector256<float>.Zero;
            return largest < 1e-30f ? 0f : float.NaN;
        }

        inverse = Vector256.Create(Largest / largest);
        return largest / Largest;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Magnitudes(float* x) => Vector256.Abs(Vector256.Load(x)).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Integers(float* x, Vector256<float> inverse) =>
        Vector256.ConvertToInt32Native(Vector256.Round(Vector256.Load(x) * inverse));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Even(Vector256<short> codes) => (codes.AsInt32() << 16) >> 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Odd(Vector256<short> codes) => codes.AsInt32() >> 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> Narrow(Vector256<int> codes) => Vector128.Narrow(codes.GetLower(), codes.GetUpper());
}
