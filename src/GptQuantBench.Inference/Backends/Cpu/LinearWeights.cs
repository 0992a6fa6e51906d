using GptQuantBench.Inference.Backends.Cpu.Tiles;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>A linear layer: matrix [out, in] and bias [out].</summary>
internal readonly unsafe struct LinearWeights
{
    public LinearWeights(CpuWeights weights, string name)
    {
        Matrix = weights.Matrix(name + ".weight");
        Bias = weights.Vector(name + ".bias").Data;
    }

    public TiledMatrix Matrix { get; }

    public float* Bias { get; }
}
