using System.Text.Json;
using System.Text.Unicode;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Checkpoints;

/// <summary>
/// Reads and checks the JSON header of a safetensors file by all rules of the format (huggingface/safetensors, README.md and
/// src/tensor.rs). Nothing in it is trusted: sizes are bounded before anything is allocated from them.
/// </summary>
internal ref struct SafetensorsHeader
{
    /// <summary>Largest header that the format allows, in bytes.</summary>
    public const int LongestHeader = 100_000_000;

    // Limits of this reader, not of the format; no known checkpoint comes near them, and they bound what a hostile header can cost.
    private const int MostTensors = 50_000;
    private const int MostDimensions = 32;
    private const int MostMetadataKeys = 50_000;
    private const int LongestName = 256;

    private readonly string _file;
    private readonly long _dataLength;
    private readonly Dictionary<string, SafetensorsEntry> _entries = [];
    private Utf8JsonReader _reader;

    private SafetensorsHeader(ReadOnlySpan<byte> json, long dataLength, string file)
    {
        _file = file;
        _dataLength = dataLength;
        _reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 3 });
    }

    /// <summary>The tensors, in the order of their data.</summary>
    /// <param name="json">The header's bytes, padding included.</param>
    /// <param name="dataLength">Bytes of the file behind the header.</param>
    /// <param name="file">Path, for messages.</param>
    /// <exception cref="ModelFormatException">A rule of the format is broken.</exception>
    public static IReadOnlyList<SafetensorsEntry> Read(ReadOnlySpan<byte> json, long dataLength, string file)
    {
        if (json.IsEmpty || json[0] != (byte)'{')
        {
            throw Broken(file, "its header does not begin with '{'");
        }

        if (!Utf8.IsValid(json))
        {
            throw Broken(file, "its header is not valid UTF-8");
        }

        var header = new SafetensorsHeader(json, dataLength, file);
        try
        {
            header.ReadRoot();
        }
        catch (JsonException e)
        {
            throw Broken(file, $"its header is not valid JSON at line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}", e);
        }
        catch (InvalidOperationException e)
        {
            throw Broken(file, "its header holds a string that is not valid Unicode", e);
        }

        header.CheckPadding(json);
        return header.CheckOrder();
    }

    private void ReadRoot()
    {
        bool hasMetadata = false;
        _reader.Read();
        while (_reader.Read() && _reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = ReadName();
            _reader.Read();
            if (name == "__metadata__")
            {
                if (hasMetadata)
                {
                    throw Broken(_file, "its header names __metadata__ twice");
                }

                hasMetadata = true;
                CheckMetadata();
                continue;
            }

            if (_entries.ContainsKey(name))
            {
                throw Broken(_file, $"its header names tensor {Quoted.Text(name)} twice");
            }

            if (_entries.Count == MostTensors)
            {
                throw Broken(_file, $"its header names more than {MostTensors} tensors");
            }

            _entries.Add(name, ReadEntry(name));
        }
    }

    /// <summary>The string at which the reader stands, a key or a type; not one that is long for its own sake.</summary>
    private readonly string ReadName() => _reader.ValueSpan.Length <= LongestName
        ? _reader.GetString()!
        : throw Broken(_file, $"its header has a name of {_reader.ValueSpan.Length} bytes, more than {LongestName}");

    private void CheckMetadata()
    {
        if (_reader.TokenType != JsonTokenType.StartObject)
        {
            throw Broken(_file, "__metadata__ in its header is not an object");
        }

        var keys = new HashSet<string>();
        while (_reader.Read() && _reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = ReadName();
            if (!keys.Add(key))
            {
                throw Broken(_file, $"__metadata__ in its header has the key {Quoted.Text(key)} twice");
            }

            if (keys.Count > MostMetadataKeys)
            {
                throw Broken(_file, $"__metadata__ in its header has more than {MostMetadataKeys} keys");
            }

            _reader.Read();
            if (_reader.TokenType != JsonTokenType.String)
            {
                throw Broken(_file, $"__metadata__ in its header has a value that is not a string under {Quoted.Text(key)}");
            }
        }
    }

    private SafetensorsEntry ReadEntry(string name)
    {
        if (_reader.TokenType != JsonTokenType.StartObject)
        {
            throw WrongTensor(name, "is not described by an object");
        }

        string? type = null;
        long[]? shape = null;
        long[]? offsets = null;
        while (_reader.Read() && _reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = ReadName();
            if (key switch { "dtype" => type is not null, "shape" => shape is not null, "data_offsets" => offsets is not null, _ => false })
            {
                throw WrongTensor(name, $"has {key} twice");
            }

            _reader.Read();
            switch (key)
            {
                case "dtype":
                    type = _reader.TokenType == JsonTokenType.String
                        ? ReadName()
                        : throw WrongTensor(name, "has a dtype that is not a string");
                    break;
                case "shape":
                    shape = ReadNumbers(name, key, MostDimensions);
                    break;
                case "data_offsets":
                    offsets = ReadNumbers(name, key, 2);
                    break;
                default:
                    throw WrongTensor(name, $"has an unknown key {Quoted.Text(key)}");
            }
        }

        if (type is null || shape is null || offsets is not [long begin, long end])
        {
            string missing = type is null ? "dtype" : shape is null ? "shape" : offsets is null ? "data_offsets" : "two data_offsets";
            throw WrongTensor(name, $"does not have {missing}");
        }

        CheckSize(name, type, shape, begin, end);
        return new SafetensorsEntry(name, type, shape, begin, end);
    }

    private long[] ReadNumbers(string name, string key, int most)
    {
        if (_reader.TokenType != JsonTokenType.StartArray)
        {
            throw WrongTensor(name, $"has a {key} that is not an array");
        }

        Span<long> numbers = stackalloc long[MostDimensions];
        int count = 0;
        while (_reader.Read() && _reader.TokenType != JsonTokenType.EndArray)
        {
            if (_reader.TokenType != JsonTokenType.Number || !_reader.TryGetInt64(out long number) || number < 0)
            {
                throw WrongTensor(name, $"has a value in {key} that is not a whole number from 0 to {long.MaxValue}");
            }

            if (count == most)
            {
                throw WrongTensor(name, $"has more than {most} numbers in {key}");
            }

            numbers[count++] = number;
        }

        return numbers[..count].ToArray();
    }

    private readonly void CheckSize(string name, string type, long[] shape, long begin, long end)
    {
        int bitsPerElement = SafetensorsTypes.Bits(type);
        if (bitsPerElement == 0)
        {
            throw WrongTensor(name, $"has the unknown dtype {Quoted.Text(type)}");
        }

        if (end < begin)
        {
            throw WrongTensor(name, $"ends at byte {end} before it begins at byte {begin}");
        }

        long bits;
        try
        {
            long elements = 1;
            foreach (long dimension in shape)
            {
                elements = checked(elements * dimension);
            }

            bits = checked(elements * bitsPerElement);
        }
        catch (OverflowException e)
        {
            throw WrongTensor(name, $"has a shape whose size overflows 64 bits, [{string.Join(", ", shape)}]", e);
        }

        if (bits % 8 != 0)
        {
            throw WrongTensor(name, $"has {bits} bits, which are not whole bytes");
        }

        if (bits / 8 != end - begin)
        {
            throw WrongTensor(
                name, $"has {end - begin} bytes in data_offsets, expected {bits / 8} for {type} [{string.Join(", ", shape)}]");
        }
    }

    private readonly void CheckPadding(ReadOnlySpan<byte> json)
    {
        if (json[(int)_reader.BytesConsumed..].ContainsAnyExcept((byte)' '))
        {
            throw Broken(_file, "its header has something other than spaces behind the closing '}'");
        }
    }

    /// <summary>Data must be covered by the tensors from its first to its last byte, without a gap and without an overlap.</summary>
    private readonly SafetensorsEntry[] CheckOrder()
    {
        SafetensorsEntry[] entries = [.. _entries.Values];
        Array.Sort(entries, static (a, b) => a.Begin != b.Begin ? a.Begin.CompareTo(b.Begin) : a.End.CompareTo(b.End));
        long covered = 0;
        foreach (SafetensorsEntry entry in entries)
        {
            if (entry.Begin != covered)
            {
                string what = entry.Begin > covered ? "leaves a gap" : "overlaps the tensor before it";
                throw WrongTensor(entry.Name, $"{what}: it begins at byte {entry.Begin}, expected byte {covered}");
            }

            covered = entry.End;
            if (covered > _dataLength)
            {
                throw WrongTensor(entry.Name, $"ends at byte {covered} of the data, but the file holds only {_dataLength}");
            }
        }

        return covered == _dataLength
            ? entries
            : throw Broken(_file, $"it has {_dataLength - covered} bytes behind its last tensor");
    }

    private readonly ModelFormatException WrongTensor(string name, string what, Exception? cause = null) =>
        Broken(_file, $"tensor {Quoted.Text(name)} {what}", cause);

    private static ModelFormatException Broken(string file, string what, Exception? cause = null) =>
        SafetensorsFile.Broken(file, what, cause);
}
