using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GptQuantBench.Inference.Checkpoints;

/// <summary>Widens little-endian checkpoint elements to FP32, exactly; sources need no alignment.</summary>
internal static class FloatConversion
{
    private const uint Float32Infinity = 0x7F80_0000;

    /// <summary>2^112: moves an exponent with FP16's bias 15 to FP32's bias 127.</summary>
    private const float Rebias = 5.192296858534828e33f;

    /// <summary>2^16: what FP16's exponent of infinity and NaN becomes; finite values are smaller.</summary>
    private const float FirstNonFinite = 65536f;

    /// <summary>Copies FP32.</summary>
    public static void FromFloat32(ReadOnlySpan<byte> source, Span<float> destination)
    {
        source.CopyTo(MemoryMarshal.AsBytes(destination));
        if (!BitConverter.IsLittleEndian)
        {
            Span<uint> words = MemoryMarshal.Cast<float, uint>(destination);
            BinaryPrimitives.ReverseEndianness(words, words);
        }
    }

    /// <summary>Widens IEEE binary16, subnormals, infinities and NaN included.</summary>
    public static void FromFloat16(ReadOnlySpan<byte> source, Span<float> destination)
    {
        int i = 0;
        if (BitConverter.IsLittleEndian && Vector.IsHardwareAccelerated)
        {
            ref byte from = ref MemoryMarshal.GetReference(source);
            ref float to = ref MemoryMarshal.GetReference(destination);
            for (; i <= destination.Length - Vector<ushort>.Count; i += Vector<ushort>.Count)
            {
                var packed = Unsafe.ReadUnaligned<Vector<ushort>>(ref Unsafe.Add(ref from, sizeof(ushort) * i));
                Vector.Widen(packed, out Vector<uint> low, out Vector<uint> high);
                WidenFloat16(low).StoreUnsafe(ref to, (nuint)i);
                WidenFloat16(high).StoreUnsafe(ref to, (nuint)(i + Vector<uint>.Count));
            }
        }

        for (; i < destination.Length; i++)
        {
            destination[i] = (float)BinaryPrimitives.ReadHalfLittleEndian(source[(sizeof(ushort) * i)..]);
        }
    }

    /// <summary>Widens bfloat16: the upper half of an FP32.</summary>
    public static void FromBFloat16(ReadOnlySpan<byte> source, Span<float> destination)
    {
        int i = 0;
        if (BitConverter.IsLittleEndian && Vector.IsHardwareAccelerated)
        {
            ref byte from = ref MemoryMarshal.GetReference(source);
            ref float to = ref MemoryMarshal.GetReference(destination);
            for (; i <= destination.Length - Vector<ushort>.Count; i += Vector<ushort>.Count)
            {
                var packed = Unsafe.ReadUnaligned<Vector<ushort>>(ref Unsafe.Add(ref from, sizeof(ushort) * i));
                Vector.Widen(packed, out Vector<uint> low, out Vector<uint> high);
                Vector.AsVectorSingle(low << 16).StoreUnsafe(ref to, (nuint)i);
                Vector.AsVectorSingle(high << 16).StoreUnsafe(ref to, (nuint)(i + Vector<uint>.Count));
            }
        }

        for (; i < destination.Length; i++)
        {
            uint bits = BinaryPrimitives.ReadUInt16LittleEndian(source[(sizeof(ushort) * i)..]);
            destination[i] = BitConverter.UInt32BitsToSingle(bits << 16);
        }
    }

    /// <summary>
    /// Puts exponent and mantissa where FP32 has them and multiplies the bias away; the multiplication also normalises subnormals.
    /// What lands at 2^16 or above was infinity or NaN and gets FP32's exponent for these.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> WidenFloat16(Vector<uint> half)
    {
        Vector<uint> sign = (half & new Vector<uint>(0x8000)) << 16;
        Vector<float> magnitude = Vector.AsVectorSingle((half & new Vector<uint>(0x7FFF)) << 13) * new Vector<float>(Rebias);
        Vector<uint> nonFinite = Vector.AsVectorUInt32(Vector.GreaterThanOrEqual(magnitude, new Vector<float>(FirstNonFinite)));
        return Vector.AsVectorSingle(Vector.AsVectorUInt32(magnitude) | (nonFinite & new Vector<uint>(Float32Infinity)) | sign);
    }
}
