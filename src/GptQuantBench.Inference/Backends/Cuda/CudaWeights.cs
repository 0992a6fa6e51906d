using GptQuantBench.Cuda;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>All weights of a model in device memory, by name: matrices packed [out, in], positions FP16, vectors FP32.</summary>
internal sealed class CudaWeights : IDisposable
{
    private readonly Dictionary<string, DeviceMatrix> _matrices = [];
    private readonly Dictionary<string, CudaDeviceVariable<float>> _vectors = [];

    /// <summary>Copies every weight to the device and packs it there.</summary>
    /// <exception cref="ModelFormatException">A weight is NaN, infinite, or too large for the format.</exception>
    /// <exception cref="CudaOutOfMemoryException">The weights do not fit.</exception>
    public CudaWeights(OpenedModel model, QuantizationFormat format, CudaMemoryPools pools, PackKernels kernels, CudaStream stream)
    {
        IReadOnlyList<WeightSpec> specs = model.Architecture.Weights(model.Configuration);
        HostPacker? host = null;
        try
        {
            using WeightUploader uploader = new(pools, kernels, stream, model, specs);
            foreach (WeightSpec spec in specs)
            {
                if (spec.IsVector)
                {
                    CudaDeviceVariable<float> vector = new(pools.Weights, spec.Count);
                    _vectors.Add(spec.Name, vector);
                    uploader.Upload(spec, vector);
                }
                else
                {
                    DeviceMatrix matrix = new(pools.Weights, new PackedLayout(format.Of(spec), spec.OutputCount, spec.InputCount));
                    _matrices.Add(spec.Name, matrix);
                    if (HostPacker.IsNeeded(model, spec, matrix.Layout.Format))
                    {
                        host ??= new(model);
                        using PackedMatrix packed = host.Pack(spec, matrix.Layout);
                        uploader.Upload(packed, matrix);
                    }
                    else
                    {
                        uploader.Upload(spec, matrix);
                    }
                }
            }

            uploader.Finish();
        }
        catch
        {
            Dispose();
            throw;
        }
        finally
        {
            host?.Dispose();
        }
    }

    /// <summary>A matrix or an embedding.</summary>
    public DeviceMatrix Matrix(string name) => _matrices[name];

    /// <summary>A bias, or a gain or bias of a normalisation; FP32.</summary>
    public CudaDevicePointer Vector(string name) => _vectors[name].DevicePointer;

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (DeviceMatrix matrix in _matrices.Values)
        {
            matrix.Dispose();
        }

        foreach (CudaDeviceVariable<float> vector in _vectors.Values)
        {
            vector.Dispose();
        }
    }
}
