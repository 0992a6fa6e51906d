using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends;

/// <summary>A model that will be loaded, in a format.</summary>
public readonly record struct PlannedModel(ModelConfiguration Configuration, QuantizationFormat Format);
