using System.Runtime.Intrinsics;

namespace GptQuantBench.Inference.Quantization.Calibration;

/// <summary>y = x·wᵀ in FP32 on all cores, for calibration, where weights are not packed.</summary>
internal static unsafe class DenseProduct
{
    private const int Tile = 4;
    private const int TokenBlock = 64;

    // 128 KB.
    private const int CachedValues = 1 << 15;

    /// <summary>y[t, r] = Σ_c x[t, c]·w[r, c].</summary>
    /// <param name="x">[tokens, columns].</param>
    /// <param name="w">[rows, columns].</param>
    /// <param name="columns">At least 1.</param>
    /// <param name="y">Receives [tokens, rows].</param>
    public static void Multiply(float[] x, float[] w, int columns, float[] y)
    {
        int tokens = x.Length / columns, rows = w.Length / columns;

        // A block of rows stays in the cache while tokens pass.
        int rowBlock = Math.Max(1, CachedValues / columns / Tile) * Tile;
        int rowBlocks = (rows + rowBlock - 1) / rowBlock, tokenBlocks = (tokens + TokenBlock - 1) / TokenBlock;
        Parallel.For(0, rowBlocks * tokenBlocks, block =>
        {
            int firstRow = block / tokenBlocks * rowBlock, firstToken = block % tokenBlocks * TokenBlock;
            int endRow = Math.Min(firstRow + rowBlock, rows), endToken = Math.Min(firstToken + TokenBlock, tokens);
            fixed (float* xs = x, ws = w, ys = y)
            {
                for (int token = firstToken; token < endToken; token += Tile)
                {
                    for (int row = firstRow; row < endRow; row += Tile)
                    {
                        float* from = xs + ((nint)token * columns), by = ws + ((nint)row * columns), to = ys + ((nint)token * rows) + row;
                        int high = Math.Min(Tile, endToken - token), wide = Math.Min(Tile, endRow - row);
                        if (high == Tile && wide == Tile)
                        {
                            MultiplyTile(from, by, columns, to, rows);
                            continue;
                        }

                        for (int t = 0; t < high; t++)
                        {
                            for (int r = 0; r < wide; r++)
                            {
                                to[((nint)t * rows) + r] = Dot(from + ((nint)t * columns), by + ((nint)r * columns), 0, columns);
                            }
                        }
                    }
                }
            }
        });
    }

    /// <summary>4 × 4 products at once: 16 sums for 8 loads.</summary>
    private static void MultiplyTile(float* x, float* w, int columns, float* y, nint stride)
    {
        Vector256<float> s00 = default, s01 = default, s02 = default, s03 = default, s10 = default, s11 = default, s12 = default, s13 = default;
        Vector256<float> s20 = default, s21 = default, s22 = default, s23 = default, s30 = default, s31 = default, s32 = default, s33 = default;
        int end = columns / Vector256<float>.Count * Vector256<float>.Count;
        for (int c = 0; c < end; c += Vector256<float>.Count)
        {
            Vector256<float> w0 = Vector256.Load(w + c), w1 = Vector256.Load(w + columns + c);
            Vector256<float> w2 = Vector256.Load(w + (2 * (nint)columns) + c), w3 = Vector256.Load(w + (3 * (nint)columns) + c);
            Vector256<float> value = Vector256.Load(x + c);
            s00 = Vector256.MultiplyAddEstimate(value, w0, s00);
            s01 = Vector256.MultiplyAddEstimate(value, w1, s01);
            s02 = Vector256.MultiplyAddEstimate(value, w2, s02);
            s03 = Vector256.MultiplyAddEstimate(value, w3, s03);
            value = Vector256.Load(x + columns + c);
            s10 = Vector256.MultiplyAddEstimate(value, w0, s10);
            s11 = Vector256.MultiplyAddEstimate(value, w1, s11);
            s12 = Vector256.MultiplyAddEstimate(value, w2, s12);
            s13 = Vector256.MultiplyAddEstimate(value, w3, s13);
            value = Vector256.Load(x + (2 * (nint)columns) + c);
            s20 = Vector256.MultiplyAddEstimate(value, w0, s20);
            s21 = Vector256.MultiplyAddEstimate(value, w1, s21);
            s22 = Vector256.MultiplyAddEstimate(value, w2, s22);
            s23 = Vector256.MultiplyAddEstimate(value, w3, s23);
            value = Vector256.Load(x + (3 * (nint)columns) + c);
            s30 = Vector256.MultiplyAddEstimate(value, w0, s30);
            s31 = Vector256.MultiplyAddEstimate(value, w1, s31);
            s32 = Vector256.MultiplyAddEstimate(value, w2, s32);
            s33 = Vector256.MultiplyAddEstimate(value, w3, s33);
        }

        ReadOnlySpan<float> sums =
        [
            Vector256.Sum(s00), Vector256.Sum(s01), Vector256.Sum(s02), Vector256.Sum(s03),
            Vector256.Sum(s10), Vector256.Sum(s11), Vector256.Sum(s12), Vector256.Sum(s13),
            Vector256.Sum(s20), Vector256.Sum(s21), Vector256.Sum(s22), Vector256.Sum(s23),
            Vector256.Sum(s30), Vector256.Sum(s31), Vector256.Sum(s32), Vector256.Sum(s33),
        ];
        for (int i = 0; i < Tile; i++)
        {
            for (int j = 0; j < Tile; j++)
            {
                y[(i * stride) + j] = sums[(i * Tile) + j] + Dot(x + ((nint)i * columns), w + ((nint)j * columns), end, columns);
            }
        }
    }

    private static float Dot(float* x, float* w, int start, int end)
    {
        float sum = 0;
        for (int c = start; c < end; c++)
        {
            sum += x[c] * w[c];
        }

        return sum;
    }
}
