using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>All weights of a model in native memory, by name: matrices packed [out, in], positions FP16, vectors FP32.</summary>
internal sealed class CpuWeights : IDisposable
{
    private readonly Dictionary<string, PackedMatrix> _matrices = [];
    private readonly Dictionary<string, NativeBuffer<float>> _vectors = [];

    /// <summary>Reads, transposes and packs every weight on all threads.</summary>
    /// <exception cref="ModelFormatException">A weight is NaN, infinite, or too large for the format.</exception>
    /// <exception cref="InsufficientMemoryException">The weights do not fit into memory.</exception>
    public CpuWeights(OpenedModel model, QuantizationFormat format, MemoryLedger ledger, WorkerPool pool)
    {
        try
        {
            using WeightPacker packer = new(pool, ledger);
            foreach (WeightSpec spec in model.Architecture.Weights(model.Configuration))
            {
                if (spec.IsVector)
                {
                    NativeBuffer<float> vector = new(ledger, MemoryCategory.Weights, spec.Count, BufferFill.None);
                    _vectors.Add(spec.Name, vector);
                    WeightPacker.ReadVector(model.Weight(spec), vector);
                }
                else
                {
                    QuantizationFormat own = format.Of(spec);
                    PackedMatrix matrix = new(ledger, new PackedLayout(own, spec.OutputCount, spec.InputCount));
                    _matrices.Add(spec.Name, matrix);
                    packer.Fill(model, spec, matrix);
                }
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>A matrix or an embedding.</summary>
    public PackedMatrix Matrix(string name) => _matrices[name];

    /// <summary>A bias, or a gain or bias of a normalisation.</summary>
    public NativeBuffer<float> Vector(string name) => _vectors[name];

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (PackedMatrix matrix in _matrices.Values)
        {
            matrix.Dispose();
        }

        foreach (NativeBuffer<float> vector in _vectors.Values)
        {
            vector.Dispose();
        }
    }
}
