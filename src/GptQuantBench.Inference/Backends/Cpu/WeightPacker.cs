using System.Numerics.Tensors;
using System.Runtime.Intrinsics;
using GptQuantBench.Inference.Backends.Cpu.Tiles;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>From a memory-mapped tensor to packed rows, on all threads, through a small scratch block for each.</summary>
internal sealed unsafe class WeightPacker : IDisposable
{
    // Outputs of a transposed block: 64 FP32 values of one input are 4 whole cache lines of the file.
    private const int BlockRows = 64;

    private readonly WorkerPool _pool;
    private readonly MemoryLedger _ledger;
    private NativeBuffer<float>? _scratch;

    /// <summary>Takes FP32 [count, columns], the rows from <paramref name="first"/> on.</summary>
    private delegate void BlockConsumer(int worker, int first, int count, float* values);

    public WeightPacker(WorkerPool pool, MemoryLedger ledger)
    {
        _pool = pool;
        _ledger = ledger;
    }

    /// <summary>Reads a bias or norm.</summary>
    /// <exception cref="ModelFormatException">A value is NaN or infinite.</exception>
    public static void ReadVector(CheckpointTensor tensor, NativeBuffer<float> vector)
    {
        Span<float> values = vector.Slice(0, (int)vector.Length);
        tensor.ReadFloats(0, values);
        if (!float.IsFinite(TensorPrimitives.MaxMagnitude<float>(values)))
        {
            throw new ModelFormatException(
                $"{SourceOf(tensor)} holds NaN or infinity, where finite weights are expected; use an undamaged file.");
        }
    }

    /// <summary>Fills a matrix with a model's weights: copied where they are stored packed, else packed.</summary>
    /// <exception cref="ModelFormatException">A value is NaN, infinite, or too large for the format.</exception>
    public void Fill(OpenedModel model, WeightSpec spec, PackedMatrix matrix)
    {
        if (model.Packed(spec) is { } stored)
        {
            stored.CopyTo(matrix);
        }
        else
        {
            Pack(model.Weight(spec), spec, matrix);
        }
    }

    /// <summary>Fills the tiles of a matrix in the same way, a few packed rows at a time.</summary>
    /// <exception cref="ModelFormatException">A value is NaN, infinite, or too large for the format.</exception>
    public void Fill(OpenedModel model, WeightSpec spec, TiledMatrix matrix)
    {
        PackedLayout layout = matrix.Layout.Packed;
        if (model.Packed(spec) is { } stored)
        {
            using PackedMatrix whole = new(_ledger, layout);
            stored.CopyTo(whole);
            _pool.Run(matrix.Layout.Tiles, (tile, _) => matrix.SetTile(tile, whole, tile * matrix.Layout.Lanes));
            return;
        }

        PackedMatrix[] blocks = new PackedMatrix[_pool.ThreadCount];
        try
        {
            for (int i = 0; i < blocks.Length; i++)
            {
                blocks[i] = new(_ledger, new PackedLayout(layout.Format, BlockRows, layout.Columns));
            }

            ReadBlocks(model.Weight(spec), spec, (worker, first, count, values) =>
            {
                SetRows(blocks[worker], 0, count, values, model.Weight(spec));
                for (int row = 0; row < count; row += matrix.Layout.Lanes)
                {
                    matrix.SetTile((first + row) / matrix.Layout.Lanes, blocks[worker], row);
                }
            });
        }
        finally
        {
            foreach (PackedMatrix? block in blocks)
            {
                block?.Dispose();
            }
        }
    }

    /// <summary>Packs a matrix, transposing it where the checkpoint has it [in, out].</summary>
    /// <exception cref="ModelFormatException">A value is NaN, infinite, or too large for the format.</exception>
    public void Pack(CheckpointTensor tensor, WeightSpec spec, PackedMatrix matrix) => ReadBlocks(
        tensor, spec, (_, first, count, values) => SetRows(matrix, first, count, values, tensor));

    /// <inheritdoc />
    public void Dispose() => _scratch?.Dispose();

    private static string SourceOf(CheckpointTensor tensor) => $"Tensor '{tensor.Name}' of {tensor.File}";

    private static void SetRows(PackedMatrix matrix, int first, int count, float* values, CheckpointTensor tensor)
    {
        string source = SourceOf(tensor);
        int columns = matrix.Layout.Columns;
        for (int row = 0; row < count; row++)
        {
            matrix.SetRow(first + row, new ReadOnlySpan<float>(values + ((nint)row * columns), columns), source);
        }
    }

    /// <summary>Columns [first, first + count) of a tensor [columns, rows] as rows of a block [count, columns].</summary>
    private static void ReadTransposed(CheckpointTensor tensor, int first, int count, int rows, int columns, float* block)
    {
        float* lines = stackalloc float[4 * BlockRows];
        int column = 0;
        for (; column + 4 <= columns; column += 4)
        {
            for (int i = 0; i < 4; i++)
            {
                tensor.ReadFloats(((long)(column + i) * rows) + first, new Span<float>(lines + (i * BlockRows), count));
            }

            int row = 0;
            for (; row + 4 <= count; row += 4)
            {
                Vector128<float> a = Vector128.Load(lines + row);
                Vector128<float> b = Vector128.Load(lines + BlockRows + row);
                Vector128<float> c = Vector128.Load(lines + (2 * BlockRows) + row);
                Vector128<float> d = Vector128.Load(lines + (3 * BlockRows) + row);
                float* at = block + ((nint)row * columns) + column;
                Vector128.Create(a[0], b[0], c[0], d[0]).Store(at);
                Vector128.Create(a[1], b[1], c[1], d[1]).Store(at + columns);
                Vector128.Create(a[2], b[2], c[2], d[2]).Store(at + (2 * (nint)columns));
                Vector128.Create(a[3], b[3], c[3], d[3]).Store(at + (3 * (nint)columns));
            }

            for (; row < count; row++)
            {
                for (int i = 0; i < 4; i++)
                {
                    block[((nint)row * columns) + column + i] = lines[(i * BlockRows) + row];
                }
            }
        }

        for (; column < columns; column++)
        {
            tensor.ReadFloats(((long)column * rows) + first, new Span<float>(lines, count));
            for (int row = 0; row < count; row++)
            {
                block[((nint)row * columns) + column] = lines[row];
            }
        }
    }

    /// <summary>Hands out blocks of rows [out, in] on all threads.</summary>
    private void ReadBlocks(CheckpointTensor tensor, WeightSpec spec, BlockConsumer consumer)
    {
        int rows = spec.OutputCount;
        int columns = spec.InputCount;
        int perThread = BlockRows * columns;
        float* scratch = Scratch((long)_pool.ThreadCount * perThread);
        _pool.Run((rows + BlockRows - 1) / BlockRows, (chunk, worker) =>
        {
            int first = chunk * BlockRows;
            int count = Math.Min(BlockRows, rows - first);
            float* block = scratch + ((nint)worker * perThread);
            if (spec.IsInputMajor)
            {
                ReadTransposed(tensor, first, count, rows, columns, block);
            }
            else
            {
                tensor.ReadFloats((long)first * columns, new Span<float>(block, count * columns));
            }

            consumer(worker, first, count, block);
        });
    }

    private float* Scratch(long length)
    {
        if (_scratch is null || _scratch.Length < length)
        {
            _scratch?.Dispose();
            _scratch = new(_ledger, MemoryCategory.Workspace, length, BufferFill.None);
        }

        return _scratch.Data;
    }
}
