namespace GptQuantBench.Inference.Checkpoints;

/// <summary>One tensor of a memory-mapped checkpoint: row-major, little-endian.</summary>
public sealed unsafe class CheckpointTensor
{
    internal CheckpointTensor(
        string name, TensorType type, string typeName, IReadOnlyList<long> shape, byte* data, long byteLength, string file)
    {
        Name = name;
        Type = type;
        TypeName = typeName;
        Shape = shape;
        Data = data;
        ByteLength = byteLength;
        File = file;
    }

    /// <summary>Name as in the file.</summary>
    public string Name { get; }

    /// <summary>Element type.</summary>
    public TensorType Type { get; }

    /// <summary>Element type as the file spells it, e.g. <c>F16</c>.</summary>
    public string TypeName { get; }

    /// <summary>Dimensions; empty for a scalar.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>First byte in the mapping, not aligned to anything; valid until the checkpoint is disposed.</summary>
    public byte* Data { get; }

    /// <summary>Length in bytes.</summary>
    public long ByteLength { get; }

    /// <summary>The file that holds it, for messages.</summary>
    public string File { get; }

    /// <summary>Converts consecutive elements to FP32, exactly. Thread-safe, allocates nothing.</summary>
    /// <param name="start">Index of the first element in row-major order, from 0.</param>
    /// <param name="destination">Receives its length of elements.</param>
    /// <exception cref="InvalidOperationException">The type is <see cref="TensorType.Other"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The elements are not all inside the tensor.</exception>
    public void ReadFloats(long start, Span<float> destination)
    {
        int size = Type switch
        {
            TensorType.Float32 => sizeof(float),
            TensorType.Float16 or TensorType.BFloat16 => sizeof(ushort),
            _ => throw new InvalidOperationException($"Tensor {Name} of type {TypeName} does not hold readable floats."),
        };
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, (ByteLength / size) - destination.Length);

        var source = new ReadOnlySpan<byte>(Data + (start * size), checked(destination.Length * size));
        switch (Type)
        {
            case TensorType.Float32:
                FloatConversion.FromFloat32(source, destination);
                break;
            case TensorType.Float16:
                FloatConversion.FromFloat16(source, destination);
                break;
            default:
                FloatConversion.FromBFloat16(source, destination);
                break;
        }
    }
}
