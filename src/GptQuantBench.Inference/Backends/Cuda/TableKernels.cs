using GptQuantBench.Cuda;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>Launches the other kernels that read packed weights (tables.cuh).</summary>
internal sealed class TableKernels
{
    private const int BlockSize = 256;
    private const int RowsOfUnpackBlock = BlockSize / 32;

    private readonly CudaKernel _embed;
    private readonly CudaKernel _advance;
    private readonly CudaKernel _unpack;
    private readonly CudaKernel _embedRows;
    private readonly CudaKernel _advanceRows;
    private readonly bool _dependentLaunch;

    public TableKernels(CudaModule module)
    {
        _dependentLaunch = PtxStore.HasDependentLaunch(module);
        _embed = module.GetKernel("embed_tokens");
        _advance = module.GetKernel("advance_step");
        _unpack = module.GetKernel("unpack_rows");
        _embedRows = module.GetKernel("embed_batch_rows");
        _advanceRows = module.GetKernel("advance_batch_rows");
        _embed.RequireArguments<EmbedArguments>();
        _advance.RequireArguments<AdvanceArguments>();
        _unpack.RequireArguments<UnpackArguments>();
        _embedRows.RequireArguments<EmbedRowArguments>();
        _advanceRows.RequireArguments<AdvanceRowArguments>();
    }

    /// <summary>x[t] = token embedding of ids[t] + position embedding of the state's position + t.</summary>
    /// <param name="stream">Where.</param>
    /// <param name="table">[vocabulary, columns].</param>
    /// <param name="positions">FP16 [context, columns].</param>
    /// <param name="ids">int32 [tokens] in device memory.</param>
    /// <param name="x">FP32 [tokens, columns].</param>
    /// <param name="state">The sequence.</param>
    /// <param name="tokens">At least 1.</param>
    public void Embed(
        CudaStream stream, MatrixView table, MatrixView positions, CudaDevicePointer ids, CudaDevicePointer x, CudaDevicePointer state, int tokens) =>
        _embed.Launch(stream, Shape(tokens), new EmbedArguments(table, positions, ids, x, state));

    /// <summary>Takes the chosen id, hands it to the host, moves <paramref name="tokens"/> positions on and embeds the id at x[0].</summary>
    /// <param name="stream">Where.</param>
    /// <param name="table">[vocabulary, columns].</param>
    /// <param name="positions">FP16 [context, columns].</param>
    /// <param name="x">FP32 [1, columns].</param>
    /// <param name="state">The sequence.</param>
    /// <param name="ids">Mapped host memory, int32 [steps].</param>
    /// <param name="tokens">Of the pass that ends.</param>
    public void Advance(
        CudaStream stream, MatrixView table, MatrixView positions, CudaDevicePointer x, CudaDevicePointer state, CudaDevicePointer ids, int tokens) =>
        _advance.Launch(stream, Shape(1), new AdvanceArguments(table, positions, x, state, ids, tokens));

    /// <summary>Rows as plain FP16.</summary>
    /// <param name="stream">Where.</param>
    /// <param name="matrix">[rows, columns].</param>
    /// <param name="output">FP16 [rowCount, outputPitch]; outputPitch = columns rounded up to 32.</param>
    /// <param name="firstRow">First row.</param>
    /// <param name="rowCount">At least 1.</param>
    /// <param name="outputPitch">Halves.</param>
    public void Unpack(CudaStream stream, MatrixView matrix, CudaDevicePointer output, int firstRow, int rowCount, int outputPitch) =>
        _unpack.Launch(stream, Shape((rowCount + RowsOfUnpackBlock - 1) / RowsOfUnpackBlock), new UnpackArguments(matrix, output, firstRow, rowCount, outputPitch));

    /// <summary>x[r] = token embedding + position embedding of row r.</summary>
    /// <param name="stream">Where.</param>
    /// <param name="table">[vocabulary, columns].</param>
    /// <param name="positions">FP16 [context, columns].</param>
    /// <param name="rows"><see cref="BatchRow"/> [count] in device memory.</param>
    /// <param name="x">FP32 [count, columns].</param>
    /// <param name="count">At least 1.</param>
    public void EmbedRows(CudaStream stream, MatrixView table, MatrixView positions, CudaDevicePointer rows, CudaDevicePointer x, int count) =>
        _embedRows.Launch(stream, Shape(count), new EmbedRowArguments(table, positions, rows, x));

    /// <summary>Takes the chosen id of every row, hands it to the host, moves the row a position on and embeds the id at x[r].</summary>
    /// <param name="stream">Where.</param>
    /// <param name="table">[vocabulary, columns].</param>
    /// <param name="positions">FP16 [context, columns].</param>
    /// <param name="x">FP32 [count, columns].</param>
    /// <param name="rows"><see cref="BatchRow"/> [count] in device memory.</param>
    /// <param name="states"><see cref="DecodeState"/> [count].</param>
    /// <param name="ids">Mapped host memory, int32 [count, idPitch].</param>
    /// <param name="idPitch">Ids of a row.</param>
    /// <param name="count">At least 1.</param>
    public void AdvanceRows(
        CudaStream stream,
        MatrixView table,
        MatrixView positions,
        CudaDevicePointer x,
        CudaDevicePointer rows,
        CudaDevicePointer states,
        CudaDevicePointer ids,
        int idPitch,
        int count) =>
        _advanceRows.Launch(stream, Shape(count), new AdvanceRowArguments(table, positions, x, rows, states, ids, idPitch));

    private LaunchShape Shape(int blocks) => new(blocks, BlockSize) { ProgrammaticStreamSerialization = _dependentLaunch };

    private readonly record struct EmbedArguments(
        MatrixView Table, MatrixView Positions, CudaDevicePointer Ids, CudaDevicePointer X, CudaDevicePointer State);

    private readonly record struct AdvanceArguments(
        MatrixView Table, MatrixView Positions, CudaDevicePointer X, CudaDevicePointer State, CudaDevicePointer Ids, int Tokens);

    private readonly record struct UnpackArguments(MatrixView Matrix, CudaDevicePointer Output, int FirstRow, int RowCount, int OutputPitch);

    private readonly record struct EmbedRowArguments(MatrixView Table, MatrixView Positions, CudaDevicePointer Rows, CudaDevicePointer X);

    private readonly record struct AdvanceRowArguments(
        MatrixView Table,
        MatrixView Positions,
        CudaDevicePointer X,
        CudaDevicePointer Rows,
        CudaDevicePointer States,
        CudaDevicePointer Ids,
        int IdPitch);
}
