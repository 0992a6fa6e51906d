using System.Buffers.Binary;

namespace GptQuantBench.Tests;

/// <summary>Damages files the way disks, networks and liars do.</summary>
internal static class Spoil
{
    /// <summary>Replaces the last FP16 value of a file.</summary>
    public static void LastWeight(string file, ushort bits)
    {
        using var stream = File.OpenWrite(file);
        stream.Seek(-2, SeekOrigin.End);
        Span<byte> bytes = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, bits);
        stream.Write(bytes);
    }

    /// <summary>Cuts a file off.</summary>
    public static void Truncate(string file, long bytes)
    {
        using var stream = File.OpenWrite(file);
        stream.SetLength(stream.Length - bytes);
    }

    /// <summary>Lets a safetensors file claim a header of another length.</summary>
    public static void HeaderLength(string file, ulong length)
    {
        using var stream = File.OpenWrite(file);
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
        stream.Write(bytes);
    }

    /// <summary>Replaces a text once.</summary>
    public static void Replace(string file, string old, string @new)
    {
        var text = File.ReadAllText(file);
        Assert.Contains(old, text, StringComparison.Ordinal);
        File.WriteAllText(file, text.Replace(old, @new, StringComparison.Ordinal));
    }
}
