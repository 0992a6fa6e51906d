using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>
/// The arithmetic of a forward pass for one instruction set. All sums are FP32 with fused multiply-add; implementations differ in
/// the order of their sums only. Input vectors are padded to whole blocks of 32 floats with zeros (<see cref="PackedLayout"/>).
/// </summary>
internal abstract unsafe class CpuKernel
{
    /// <summary>
    /// Rows that <see cref="MultiplyTile"/> and <see cref="MultiplyVector"/> work on at once; chunks of rows are multiples of it.
    /// </summary>
    public const int TileRows = 4;

    /// <summary>Name in GPTQUANTBENCH_CPU_KERNELS and reports.</summary>
    public abstract string Name { get; }

    /// <summary>Whether this CPU has the instructions.</summary>
    public abstract bool IsSupported { get; }

    /// <summary>Input vectors that <see cref="MultiplyTile"/> takes at once.</summary>
    public abstract int TileTokens { get; }

    /// <summary>y[i] = Σ_c W[row + i, c] · x[c], decoding W on the fly: the decode step, bound by memory.</summary>
    /// <param name="matrix">W, packed.</param>
    /// <param name="row">First row.</param>
    /// <param name="count">Rows.</param>
    /// <param name="x">FP32 [padded columns].</param>
    /// <param name="y">FP32 [count].</param>
    public abstract void MultiplyVector(in PackedMatrixView matrix, int row, int count, float* x, float* y);

    /// <summary>Whether <see cref="MultiplyInteger"/> is faster than <see cref="MultiplyVector"/>.</summary>
    public abstract bool PrefersInteger { get; }

    /// <summary>Blocks of int4 codes that <see cref="MultiplyInteger"/> loads at once: the order of its activations.</summary>
    public abstract int BlocksPerVector { get; }

    /// <summary>y[i] = Σ_c W[row + i, c] · x[c] with integer products: codes times 16-bit activations, exact in each block.</summary>
    /// <param name="matrix">W, packed as int8 or int4.</param>
    /// <param name="row">First row.</param>
    /// <param name="count">Rows.</param>
    /// <param name="x">The input, quantised for the matrix and <see cref="BlocksPerVector"/>.</param>
    /// <param name="y">FP32 [count].</param>
    public abstract void MultiplyInteger(in PackedMatrixView matrix, int row, int count, QuantizedActivations x, float* y);

    /// <summary>Unpacks blocks of 32 columns of some rows.</summary>
    /// <param name="matrix">W, packed.</param>
    /// <param name="row">First row.</param>
    /// <param name="count">Rows.</param>
    /// <param name="block">First block of columns.</param>
    /// <param name="blocks">Blocks.</param>
    /// <param name="destination">FP32 [count, blocks × 32].</param>
    public abstract void Unpack(in PackedMatrixView matrix, int row, int count, int block, int blocks, float* destination);

    /// <summary>y[t, r] (+)= Σ_c w[r, c] · x[t, c] for up to 4 rows and <see cref="TileTokens"/> inputs.</summary>
    /// <param name="w">FP32 [rows, columns].</param>
    /// <param name="wStride">Floats from row to row.</param>
    /// <param name="rows">1 … 4.</param>
    /// <param name="x">FP32 [tokens, columns].</param>
    /// <param name="xStride">Floats from input to input.</param>
    /// <param name="tokens">1 … <see cref="TileTokens"/>.</param>
    /// <param name="columns">Multiple of 16.</param>
    /// <param name="y">FP32 [tokens, rows].</param>
    /// <param name="yStride">Floats from input to input.</param>
    /// <param name="accumulate">Adds to y instead of overwriting it.</param>
    public abstract void MultiplyTile(
        float* w, nint wStride, int rows, float* x, nint xStride, int tokens, int columns, float* y, nint yStride, bool accumulate);

    /// <summary>y[d] = Σ_i p[i] · v[i, d]: the values of an attention head under their weights.</summary>
    /// <param name="p">FP32 [count].</param>
    /// <param name="v">FP32 [count, columns].</param>
    /// <param name="count">At least 1.</param>
    /// <param name="columns">Multiple of 16; also the distance of rows.</param>
    /// <param name="y">FP32 [columns].</param>
    public abstract void WeightedSum(float* p, float* v, int count, int columns, float* y);

    /// <summary>y[t, r] = Σ_c w[r, c] · x[t, c] for any number of rows and inputs, tile by tile.</summary>
    public void Multiply(
        float* w, nint wStride, int rows, float* x, nint xStride, int tokens, int columns, float* y, nint yStride, bool accumulate)
    {
        // A few inputs stay in the first cache while all rows pass by them, and rows are used by all of these before they leave it.
        int group = 2 * TileTokens;
        for (int first = 0; first < tokens; first += group)
        {
            int end = Math.Min(tokens, first + group);
            for (int row = 0; row < rows; row += TileRows)
            {
                int tileRows = Math.Min(TileRows, rows - row);
                for (int token = first; token < end; token += TileTokens)
                {
                    MultiplyTile(
                        w + (row * wStride), wStride, tileRows,
                        x + (token * xStride), xStride, Math.Min(TileTokens, end - token),
                        columns, y + (token * yStride) + row, yStride, accumulate);
                }
            }
        }
    }
}
