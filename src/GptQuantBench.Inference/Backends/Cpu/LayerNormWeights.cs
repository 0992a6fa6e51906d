namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>Gain and bias of a layer normalisation.</summary>
internal readonly unsafe struct LayerNormWeights
{
    public LayerNormWeights(CpuWeights weights, string name)
    {
        Gain = weights.Vector(name + ".weight").Data;
        Bias = weights.Vector(name + ".bias").Data;
    }

    public float* Gain { get; }

    public float* Bias { get; }
}
