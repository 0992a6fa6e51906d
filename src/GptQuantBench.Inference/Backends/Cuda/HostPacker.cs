using GptQuantBench.Inference.Backends.Cpu;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>
/// Packs on the host's cores what the device's kernels do not pack: scales that are searched, and codes that a checkpoint stores. Both
/// backends then hold the same bytes.
/// </summary>
internal sealed class HostPacker : IDisposable
{
    private readonly OpenedModel _model;
    private readonly MemoryLedger _ledger = new();
    private readonly WorkerPool _pool = new(Environment.ProcessorCount);
    private readonly WeightPacker _packer;

    public HostPacker(OpenedModel model)
    {
        _model = model;
        _packer = new(_pool, _ledger);
    }

    /// <summary>Whether a matrix must be packed here.</summary>
    public static bool IsNeeded(OpenedModel model, WeightSpec spec, QuantizationFormat format) =>
        format.Search != ScaleSearch.Plain || model.Packed(spec) is not null;

    /// <summary>The packed matrix, the caller's to dispose.</summary>
    /// <exception cref="ModelFormatException">A value is NaN, infinite, or too large for the format.</exception>
    public PackedMatrix Pack(WeightSpec spec, PackedLayout layout)
    {
        PackedMatrix matrix = new(_ledger, layout);
        try
        {
            _packer.Fill(_model, spec, matrix);
            return matrix;
        }
        catch
        {
            matrix.Dispose();
            throw;
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _packer.Dispose();
        _pool.Dispose();
    }
}
