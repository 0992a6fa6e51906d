using GptQuantBench.Inference.Backends.Cpu.Kernels;
using GptQuantBench.Inference.Backends.Cpu.Tiles;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>All weights of a model in native memory, by name: matrices [out, in] in tiles, positions FP16, vectors FP32.</summary>
internal sealed class CpuWeights : IDisposable
{
    private readonly TileMemory? _tiles;
    private readonly Dictionary<string, TiledMatrix> _matrices = [];
    private readonly Dictionary<string, PackedMatrix> _tables = [];
    private readonly Dictionary<string, NativeBuffer<float>> _vectors = [];

    /// <summary>Reads, transposes and packs every weight on all threads.</summary>
    /// <exception cref="ModelFormatException">A weight is NaN, infinite, or too large for the format.</exception>
    /// <exception cref="InsufficientMemoryException">The weights do not fit into memory.</exception>
    public CpuWeights(OpenedModel model, QuantizationFormat format, CpuKernel kernel, MemoryLedger ledger, WorkerPool pool)
    {
        try
        {
            _tiles = new(
                ledger, model.Architecture.Weights(model.Configuration).Where(IsTiled).Select(spec => Tiles(spec, format, kernel)));
            using WeightPacker packer = new(pool, ledger);
            foreach (WeightSpec spec in model.Architecture.Weights(model.Configuration))
            {
                if (spec.IsVector)
                {
                    NativeBuffer<float> vector = new(ledger, MemoryCategory.Weights, spec.Count, BufferFill.None);
                    _vectors.Add(spec.Name, vector);
                    WeightPacker.ReadVector(model.Weight(spec), vector);
                }
                else if (IsTiled(spec))
                {
                    TiledMatrix matrix = new(ledger, Tiles(spec, format, kernel), _tiles);
                    _matrices.Add(spec.Name, matrix);
                    packer.Fill(model, spec, matrix);
                }
                else
                {
                    PackedMatrix table = new(ledger, Packed(spec, format));
                    _tables.Add(spec.Name, table);
                    packer.Fill(model, spec, table);
                }
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Where all matrices lie, in the order of the model.</summary>
    public IReadOnlyList<MemoryPart> MatrixParts => [.. _matrices.Values.Select(matrix => matrix.Part)];

    /// <summary>A matrix, or an embedding that is also the output head.</summary>
    public TiledMatrix Matrix(string name) => _matrices[name];

    /// <summary>An embedding of which single rows are read only.</summary>
    public PackedMatrix Table(string name) => _tables[name];

    /// <summary>A bias, or a gain or bias of a normalisation.</summary>
    public NativeBuffer<float> Vector(string name) => _vectors[name];

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (TiledMatrix matrix in _matrices.Values)
        {
            matrix.Dispose();
        }

        foreach (PackedMatrix table in _tables.Values)
        {
            table.Dispose();
        }

        foreach (NativeBuffer<float> vector in _vectors.Values)
        {
            vector.Dispose();
        }

        _tiles?.Dispose();
    }

    private static bool IsTiled(WeightSpec spec) => !spec.IsVector && spec.Role != WeightRole.PositionEmbedding;

    private static PackedLayout Packed(WeightSpec spec, QuantizationFormat format) => new(format.Of(spec), spec.OutputCount, spec.InputCount);

    private static TileLayout Tiles(WeightSpec spec, QuantizationFormat format, CpuKernel kernel) => new(Packed(spec, format), kernel.Lanes);
}
