using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>A linear layer: matrix [out, in] and bias [out].</summary>
internal readonly unsafe struct LinearWeights
{
    public LinearWeights(CpuWeights weights, string name)
    {
        Matrix = weights.Matrix(name + ".weight");
        Bias = weights.Vector(name + ".bias").Data;
    }

    public PackedMatrix Matrix { get; }

    public float* Bias { get; }
}
