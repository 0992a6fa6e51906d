using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;

namespace GptQuantBench.Inference.Checkpoints;

/// <summary>Where everything goes in a safetensors file that is to be written: the header's bytes and the place of every tensor.</summary>
internal sealed class SafetensorsLayout
{
    private const int Alignment = 8;

    /// <param name="tensors">Name, type as the format spells it, and shape; written in this order without gaps.</param>
    /// <param name="metadata">What goes under <c>__metadata__</c>; null for none.</param>
    public SafetensorsLayout(
        IReadOnlyList<(string Name, string TypeName, long[] Shape)> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var entries = new List<SafetensorsEntry>(tensors.Count);
        long end = 0;
        foreach ((string name, string typeName, long[] shape) in tensors)
        {
            long elements = shape.Aggregate(1L, (product, dimension) => checked(product * dimension));
            long bytes = checked(elements * SafetensorsTypes.Bits(typeName)) / 8;
            entries.Add(new SafetensorsEntry(name, typeName, shape, end, end + bytes));
            end += bytes;
        }

        Entries = entries;
        Header = WriteHeader(entries, metadata);
        FileLength = Header.Length + end;
    }

    /// <summary>The tensors in the order of their data.</summary>
    public IReadOnlyList<SafetensorsEntry> Entries { get; }

    /// <summary>Everything before the data: length, JSON, and spaces so that the data begins at a multiple of 8.</summary>
    public byte[] Header { get; }

    /// <summary>Length of the whole file in bytes.</summary>
    public long FileLength { get; }

    private static byte[] WriteHeader(List<SafetensorsEntry> entries, IReadOnlyDictionary<string, string>? metadata)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (metadata is not null)
            {
                json.WriteStartObject("__metadata__");
                foreach ((string key, string value) in metadata)
                {
                    json.WriteString(key, value);
                }

                json.WriteEndObject();
            }

            foreach (SafetensorsEntry entry in entries)
            {
                json.WriteStartObject(entry.Name);
                json.WriteString("dtype", entry.TypeName);
                WriteNumbers(json, "shape", entry.Shape);
                WriteNumbers(json, "data_offsets", [entry.Begin, entry.End]);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        int padded = (buffer.WrittenCount + Alignment - 1) / Alignment * Alignment;
        byte[] header = new byte[sizeof(ulong) + padded];
        BinaryPrimitives.WriteUInt64LittleEndian(header, (ulong)padded);
        buffer.WrittenSpan.CopyTo(header.AsSpan(sizeof(ulong)));
        header.AsSpan(sizeof(ulong) + buffer.WrittenCount).Fill((byte)' ');
        return header;
    }

    private static void WriteNumbers(Utf8JsonWriter json, string key, ReadOnlySpan<long> numbers)
    {
        json.WriteStartArray(key);
        foreach (long number in numbers)
        {
            json.WriteNumberValue(number);
        }

        json.WriteEndArray();
    }
}
