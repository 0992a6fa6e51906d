using System.Runtime.Intrinsics;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>128-bit vectors of the platform-neutral API: runs on every CPU that .NET runs on.</summary>
internal sealed unsafe class PortableKernel : CpuKernel
{
    // Rows are unpacked to the stack piece by piece: 4 rows of 512 floats are 8 KB and stay in the first cache.
    private const int BlocksPerPiece = 16;

    /// <inheritdoc />
    public override string Name => "portable";

    /// <inheritdoc />
    public override bool IsSupported => true;

    /// <inheritdoc />
    public override int TileTokens => 2;

    /// <inheritdoc />
    public override void MultiplyVector(in PackedMatrixView matrix, int row, int count, float* x, float* y)
    {
        float* piece = stackalloc float[TileRows * BlocksPerPiece * PackedLayout.BlockColumns];
        for (int first = 0; first < count; first += TileRows)
        {
            int rows = Math.Min(TileRows, count - first);
            for (int block = 0; block < matrix.BlocksPerRow; block += BlocksPerPiece)
            {
                int blocks = Math.Min(BlocksPerPiece, matrix.BlocksPerRow - block);
                int columns = blocks * PackedLayout.BlockColumns;
                Unpack(matrix, row + first, rows, block, blocks, piece);
                MultiplyTile(
                    piece, columns, rows, x + (block * PackedLayout.BlockColumns), 0, 1, columns, y + first, 0, accumulate: block > 0);
            }
        }
    }

    /// <inheritdoc />
    public override bool PrefersInteger => false;

    /// <inheritdoc />
    public override int BlocksPerVector => 1;

    /// <inheritdoc />
    public override void MultiplyInteger(in PackedMatrixView matrix, int row, int count, QuantizedActivations x, float* y)
    {
        int blockBytes = PackedLayout.BlockColumns * matrix.Bits / 8;
        for (int i = 0; i < count; i++)
        {
            long r = row + i;
            byte* codes = matrix.Codes + (r * matrix.BlocksPerRow * blockBytes);
            float sum = 0f;
            for (int block = 0; block < matrix.BlocksPerRow; block++, codes += blockBytes)
            {
                long group = (r * matrix.GroupsPerRow) + (block >> matrix.GroupShift);
                int product = matrix.Bits == 8
                    ? Multiply8((sbyte*)codes, x.Codes + (block * PackedLayout.BlockColumns))
                    : Multiply4(codes, x.Codes + (block * PackedLayout.BlockColumns), matrix.GroupMinima == null ? 8 : 0);
                float scale = matrix.GroupScales == null ? 1f : HalfVectors.Widen(((Half*)matrix.GroupScales)[group]);
                sum += scale * x.Scales[block] * product;
                if (matrix.GroupMinima != null)
                {
                    sum += HalfVectors.Widen(((Half*)matrix.GroupMinima)[group]) * x.Sums[block];
                }
            }

            y[i] = matrix.RowScales != null ? sum * matrix.RowScales[r] : sum;
        }
    }

    /// <inheritdoc />
    public override void Unpack(in PackedMatrixView matrix, int row, int count, int block, int blocks, float* destination)
    {
        int blockBytes = PackedLayout.BlockColumns * matrix.Bits / 8;
        for (long r = row; r < row + count; r++)
        {
            byte* codes = matrix.Codes + (((r * matrix.BlocksPerRow) + block) * blockBytes);
            for (int b = block; b < block + blocks; b++, codes += blockBytes, destination += PackedLayout.BlockColumns)
            {
                if (matrix.Bits == 16)
                {
                    HalfVectors.Widen((ushort*)codes, PackedLayout.BlockColumns, destination);
                    continue;
                }

                long group = (r * matrix.GroupsPerRow) + (b >> matrix.GroupShift);
                Vector128<float> scale = Vector128.Create(
                    matrix.RowScales != null ? matrix.RowScales[r] : HalfVectors.Widen(((Half*)matrix.GroupScales)[group]));
                if (matrix.Bits == 8)
                {
                    Store(Vector128.Load((sbyte*)codes), scale, Vector128<float>.Zero, destination);
                    Store(Vector128.Load((sbyte*)codes + 16), scale, Vector128<float>.Zero, destination + 16);
                    continue;
                }

                // Both products are exact in FP32 (11 + 4 bits), so −8 × scale added later is scale × (code − 8).
                Vector128<float> minimum = matrix.GroupMinima == null
                    ? Vector128.Create(-8f) * scale
                    : Vector128.Create(HalfVectors.Widen(((Half*)matrix.GroupMinima)[group]));
                Vector128<byte> pairs = Vector128.Load(codes);
                Store((pairs & Vector128.Create((byte)15)).AsSByte(), scale, minimum, destination);
                Store((pairs >> 4).AsSByte(), scale, minimum, destination + 16);
            }
        }
    }

    /// <inheritdoc />
    public override void MultiplyTile(
        float* w, nint wStride, int rows, float* x, nint xStride, int tokens, int columns, float* y, nint yStride, bool accumulate)
    {
        // Rows and inputs that are not there repeat the last one; their sums are not stored.
        float* w1 = w + (Math.Min(1, rows - 1) * wStride);
        float* w2 = w + (Math.Min(2, rows - 1) * wStride);
        float* w3 = w + (Math.Min(3, rows - 1) * wStride);
        float* x1 = x + (Math.Min(1, tokens - 1) * xStride);
        Vector128<float> a0 = default, a1 = default, a2 = default, a3 = default;
        Vector128<float> b0 = default, b1 = default, b2 = default, b3 = default;
        for (nint c = 0; c < columns; c += 4)
        {
            Vector128<float> t0 = Vector128.Load(x + c);
            Vector128<float> t1 = Vector128.Load(x1 + c);
            Vector128<float> r = Vector128.Load(w + c);
            a0 = Vector128.MultiplyAddEstimate(r, t0, a0);
            b0 = Vector128.MultiplyAddEstimate(r, t1, b0);
            r = Vector128.Load(w1 + c);
            a1 = Vector128.MultiplyAddEstimate(r, t0, a1);
            b1 = Vector128.MultiplyAddEstimate(r, t1, b1);
            r = Vector128.Load(w2 + c);
            a2 = Vector128.MultiplyAddEstimate(r, t0, a2);
            b2 = Vector128.MultiplyAddEstimate(r, t1, b2);
            r = Vector128.Load(w3 + c);
            a3 = Vector128.MultiplyAddEstimate(r, t0, a3);
            b3 = Vector128.MultiplyAddEstimate(r, t1, b3);
        }

        float* sums = stackalloc float[8];
        sums[0] = Vector128.Sum(a0);
        sums[1] = Vector128.Sum(a1);
        sums[2] = Vector128.Sum(a2);
        sums[3] = Vector128.Sum(a3);
        sums[4] = Vector128.Sum(b0);
        sums[5] = Vector128.Sum(b1);
        sums[6] = Vector128.Sum(b2);
        sums[7] = Vector128.Sum(b3);
        for (int token = 0; token < tokens; token++)
        {
            for (int r = 0; r < rows; r++)
            {
                float* at = y + (token * yStride) + r;
                *at = (accumulate ? *at : 0f) + sums[(TileRows * token) + r];
            }
        }
    }

    /// <inheritdoc />
    public override void WeightedSum(float* p, float* v, int count, int columns, float* y)
    {
        for (int column = 0; column < columns; column += 16)
        {
            Vector128<float> a0 = default, a1 = default, a2 = default, a3 = default;
            float* at = v + column;
            for (int i = 0; i < count; i++, at += columns)
            {
                Vector128<float> weight = Vector128.Create(p[i]);
                a0 = Vector128.MultiplyAddEstimate(weight, Vector128.Load(at), a0);
                a1 = Vector128.MultiplyAddEstimate(weight, Vector128.Load(at + 4), a1);
                a2 = Vector128.MultiplyAddEstimate(weight, Vector128.Load(at + 8), a2);
                a3 = Vector128.MultiplyAddEstimate(weight, Vector128.Load(at + 12), a3);
            }

            a0.Store(y + column);
            a1.Store(y + column + 4);
            a2.Store(y + column + 8);
            a3.Store(y + column + 12);
        }
    }

    /// <summary>16 codes as scale × code + minimum.</summary>
    private static void Store(Vector128<sbyte> codes, Vector128<float> scale, Vector128<float> minimum, float* destination)
    {
        (Vector128<short> low, Vector128<short> high) = Vector128.Widen(codes);
        (Vector128<int> i0, Vector128<int> i1) = Vector128.Widen(low);
        (Vector128<int> i2, Vector128<int> i3) = Vector128.Widen(high);
        ((Vector128.ConvertToSingle(i0) * scale) + minimum).Store(destination);
        ((Vector128.ConvertToSingle(i1) * scale) + minimum).Store(destination + 4);
        ((Vector128.ConvertToSingle(i2) * scale) + minimum).Store(destination + 8);
        ((Vector128.ConvertToSingle(i3) * scale) + minimum).Store(destination + 12);
    }

    private static int Multiply8(sbyte* codes, short* x)
    {
        int sum = 0;
        for (int column = 0; column < PackedLayout.BlockColumns; column++)
        {
            sum += codes[column] * x[column];
        }

        return sum;
    }

    private static int Multiply4(byte* codes, short* x, int zero)
    {
        int sum = 0;
        for (int word = 0; word < 8; word++)
        {
            int nibbles = ((ushort*)codes)[word];
            for (int run = 0; run < 4; run++, nibbles >>= 4)
            {
                sum += ((nibbles & 15) - zero) * x[(run * 8) + word];
            }
        }

        return sum;
    }
}
