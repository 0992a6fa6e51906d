using GptQuantBench.Inference.Backends.Cpu.Tiles;

namespace GptQuantBench.Inference.Backends.Cpu.Kernels;

/// <summary>
/// The products of a forward pass for one instruction set. Sums are FP32 with fused multiply-add, or integers that are exact in each
/// block of 32 columns; implementations differ in the order of their FP32 sums only.
/// </summary>
internal abstract unsafe class CpuKernel
{
    /// <summary>Name in GPTQUANTBENCH_CPU_KERNELS and reports.</summary>
    public abstract string Name { get; }

    /// <summary>Whether this CPU has the instructions.</summary>
    public abstract bool IsSupported { get; }

    /// <summary>32-bit lanes of a vector: rows of a tile.</summary>
    public abstract int Lanes { get; }

    /// <summary>Inputs whose sums with two vectors of rows fit the registers: <see cref="MultiplyPanel"/> takes so many at once.</summary>
    public abstract int PanelTokens { get; }

    /// <summary>Tiles, each a stream of memory of its own, that <see cref="Multiply"/> reads at once for so many inputs: 1, 2 or 4.</summary>
    public abstract int StreamsFor(int tokens);

    /// <summary>
    /// y[t, row] (+)= Σ_c W[row, c] · x[t, c] for the rows of some tiles and few inputs, unpacking W on the fly: bound by memory for one
    /// input.
    /// </summary>
    /// <param name="matrix">W.</param>
    /// <param name="tiles">Which tiles; fastest with as many streams as <see cref="StreamsFor"/> says, and not with others but 1.</param>
    /// <param name="x">The inputs, in a form for the matrix.</param>
    /// <param name="y">FP32 [tokens, rows of the matrix].</param>
    /// <param name="yStride">Floats from input to input.</param>
    /// <param name="adds">Adds to y instead of overwriting it.</param>
    public abstract void Multiply(in TiledMatrixView matrix, TileStreams tiles, PreparedInput x, float* y, nint yStride, bool adds);

    /// <summary>Unpacks blocks of 32 columns of a tile.</summary>
    /// <param name="matrix">W.</param>
    /// <param name="tile">The tile.</param>
    /// <param name="block">First block of columns.</param>
    /// <param name="blocks">Blocks.</param>
    /// <param name="panel">FP32 [blocks × 32 columns][<see cref="Lanes"/>].</param>
    /// <param name="stride">Floats from column to column.</param>
    public abstract void Unpack(in TiledMatrixView matrix, int tile, int block, int blocks, float* panel, nint stride);

    /// <summary>y[t, r] (+)= Σ_c panel[c, r] · x[c, t]: rows side by side in vectors, inputs side by side in each column.</summary>
    /// <param name="panel">FP32: vector v of column c is at c · columnStride + v · vectorStride.</param>
    /// <param name="columnStride">Floats from column to column.</param>
    /// <param name="vectorStride">Floats from vector to vector.</param>
    /// <param name="columns">At least 1.</param>
    /// <param name="x">FP32 [columns][<see cref="PanelWidth"/>(tokens)].</param>
    /// <param name="tokens">1 … <see cref="PanelTokens"/>.</param>
    /// <param name="y">FP32 [tokens, rows].</param>
    /// <param name="yStride">Floats from input to input.</param>
    /// <param name="rows">Rows; those of the last vector beyond them are dropped.</param>
    /// <param name="adds">Adds to y instead of overwriting it.</param>
    public abstract void MultiplyPanel(
        float* panel, nint columnStride, nint vectorStride, int columns, float* x, int tokens, float* y, nint yStride, int rows, bool adds);

    /// <summary>The same with a panel in FP16; what is infinite or NaN there counts as a finite value of 2^16 or more.</summary>
    public abstract void MultiplyHalfPanel(
        Half* panel, nint columnStride, nint vectorStride, int columns, float* x, int tokens, float* y, nint yStride, int rows, bool adds);

    /// <summary>Inputs that lie side by side where there are <paramref name="tokens"/>, 1 … <see cref="PanelTokens"/>.</summary>
    public int PanelWidth(int tokens) => tokens == 1 ? 1 : tokens <= Tokens.Most ? Tokens.Most : PanelTokens;
}
