namespace GptQuantBench.Inference.Checkpoints;

/// <summary>The element types of the safetensors format (huggingface/safetensors, <c>Dtype</c>).</summary>
internal static class SafetensorsTypes
{
    /// <summary>Bits of one element; 0 for a name that the format does not know.</summary>
    public static int Bits(string typeName) => typeName switch
    {
        "F4" => 4,
        "F6_E2M3" or "F6_E3M2" => 6,
        "BOOL" or "U8" or "I8" or "F8_E5M2" or "F8_E4M3" or "F8_E8M0" or "F8_E4M3FNUZ" or "F8_E5M2FNUZ" => 8,
        "I16" or "U16" or "F16" or "BF16" => 16,
        "I32" or "U32" or "F32" => 32,
        "C64" or "F64" or "I64" or "U64" => 64,
        _ => 0,
    };

    /// <summary>The type as the engine sees it.</summary>
    public static TensorType Of(string typeName) => typeName switch
    {
        "F32" => TensorType.Float32,
        "F16" => TensorType.Float16,
        "BF16" => TensorType.BFloat16,
        _ => TensorType.Other,
    };
}
