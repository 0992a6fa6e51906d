using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GptQuantBench.Inference.Quantization;

/// <summary>
/// FP16 to FP32 and back with integer arithmetic. To FP32: exact for every finite value (−0 becomes 0); .NET has no intrinsic for F16C, and its
/// scalar conversion goes through subnormal floats. The exponent is moved to its
/// place and its bias corrected by 112 × 2^23. A subnormal half has no leading 1: there the bias is corrected by one more, which
/// adds a leading 1 of weight 2^−14, and that is subtracted again. No subnormal float ever enters the arithmetic: CPUs take
/// hundreds of cycles for each.
/// </summary>
internal static unsafe class HalfVectors
{
    private const int SignAndMagnitude = unchecked((int)0x8FFFE000);
    private const int ExponentMask = 0x0F800000;
    private const int BiasCorrection = 112 << 23;
    private const int SubnormalCorrection = 113 << 23;
    private const short HalfExponentMask = 0x7C00;
    private const int Sign = unchecked((int)0x80000000);

    /// <summary>
    /// True where one of 32 halves is subnormal or zero: rare in trained weights, so a branch is cheaper than handling it always.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AnySubnormal(Vector512<short> halves) =>
        Vector512.EqualsAny(halves & Vector512.Create(HalfExponentMask), Vector512<short>.Zero);

    /// <summary>True where one of 32 halves is subnormal or zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AnySubnormal(Vector256<short> first, Vector256<short> second) =>
        Vector256.EqualsAny(
            Vector256.Min(first & Vector256.Create(HalfExponentMask), second & Vector256.Create(HalfExponentMask)), Vector256<short>.Zero);

    /// <summary>Widens 16 halves of which none is subnormal or zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> WidenNormal(Vector256<short> halves) =>
        (((Vector512.WidenLower(halves.ToVector512Unsafe()) << 13) & Vector512.Create(SignAndMagnitude))
            + Vector512.Create(BiasCorrection)).AsSingle();

    /// <summary>Widens 8 halves of which none is subnormal or zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> WidenNormal(Vector128<short> halves) =>
        (((Vector256.WidenLower(halves.ToVector256Unsafe()) << 13) & Vector256.Create(SignAndMagnitude))
            + Vector256.Create(BiasCorrection)).AsSingle();

    /// <summary>Widens 16 halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Widen(Vector256<short> halves)
    {
        Vector512<int> bits = (Vector512.WidenLower(halves.ToVector512Unsafe()) << 13) & Vector512.Create(SignAndMagnitude);
        Vector512<int> normal = bits + Vector512.Create(BiasCorrection);
        Vector512<float> subnormal = (bits + Vector512.Create(SubnormalCorrection)).AsSingle()
            - ((bits & Vector512.Create(Sign)) | Vector512.Create(SubnormalCorrection)).AsSingle();
        Vector512<int> isSubnormal = Vector512.Equals(bits & Vector512.Create(ExponentMask), Vector512<int>.Zero);
        return Vector512.ConditionalSelect(isSubnormal.AsSingle(), subnormal, normal.AsSingle());
    }

    /// <summary>Widens 8 halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Widen(Vector128<short> halves)
    {
        Vector256<int> bits = (Vector256.WidenLower(halves.ToVector256Unsafe()) << 13) & Vector256.Create(SignAndMagnitude);
        Vector256<int> normal = bits + Vector256.Create(BiasCorrection);
        Vector256<float> subnormal = (bits + Vector256.Create(SubnormalCorrection)).AsSingle()
            - ((bits & Vector256.Create(Sign)) | Vector256.Create(SubnormalCorrection)).AsSingle();
        Vector256<int> isSubnormal = Vector256.Equals(bits & Vector256.Create(ExponentMask), Vector256<int>.Zero);
        return Vector256.ConditionalSelect(isSubnormal.AsSingle(), subnormal, normal.AsSingle());
    }

    /// <summary>Widens the lower 4 halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> WidenLower(Vector128<short> halves) => Widen(Vector128.WidenLower(halves));

    /// <summary>Widens the upper 4 halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> WidenUpper(Vector128<short> halves) => Widen(Vector128.WidenUpper(halves));

    /// <summary>Widens one half.</summary>
    public static float Widen(Half half)
    {
        int bits = (BitConverter.HalfToInt16Bits(half) << 13) & SignAndMagnitude;
        return (bits & ExponentMask) != 0
            ? BitConverter.Int32BitsToSingle(bits + BiasCorrection)
            : BitConverter.Int32BitsToSingle(bits + SubnormalCorrection)
                - BitConverter.Int32BitsToSingle((bits & Sign) | SubnormalCorrection);
    }

    /// <summary>Widens any number of halves.</summary>
    public static void Widen(ushort* halves, int count, float* values)
    {
        int i = 0;
        for (; i + 8 <= count; i += 8)
        {
            Vector128<short> eight = Vector128.Load((short*)halves + i);
            WidenLower(eight).Store(values + i);
            WidenUpper(eight).Store(values + i + 4);
        }

        for (; i < count; i++)
        {
            values[i] = Widen(((Half*)halves)[i]);
        }
    }

    /// <summary>Rounds any number of values to halves: to the nearest, ties to even; beyond the largest half to infinity.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Narrow(float* values, int count, Half* halves)
    {
        int i = 0;
        for (; i + 8 <= count; i += 8)
        {
            Narrow(Vector256.Load(values + i)).Store((ushort*)halves + i);
        }

        for (; i < count; i++)
        {
            ((ushort*)halves)[i] = Narrow(Vector256.CreateScalar(values[i]))[0];
        }
    }

    /// <summary>
    /// Rounds 8 values. A normal half takes the upper bits of its float, after half a unit in their last place is added, less one where
    /// they are even. For a subnormal one an addition of 1/2 rounds: the last bit of that sum is 2^-24, as in every subnormal half.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> Narrow(Vector256<float> values)
    {
        const int smallestNormal = 113 << 23, infinity = 143 << 23, floatInfinity = 255 << 23, halfInfinity = 0x7C00, halfNaN = 0x7E00;
        Vector256<int> bits = values.AsInt32();
        Vector256<int> magnitude = bits & Vector256.Create(int.MaxValue);
        Vector256<int> isOdd = (magnitude >>> 13) & Vector256<int>.One;
        Vector256<int> normal = (magnitude + Vector256.Create(0xFFF - BiasCorrection) + isOdd) >>> 13;
        Vector256<float> half = Vector256.Create(0.5f);
        Vector256<int> subnormal = (magnitude.AsSingle() + half).AsInt32() - half.AsInt32();
        Vector256<int> rounded = Vector256.ConditionalSelect(
            Vector256.LessThan(magnitude, Vector256.Create(smallestNormal)), subnormal, normal);
        Vector256<int> special = Vector256.ConditionalSelect(
            Vector256.GreaterThan(magnitude, Vector256.Create(floatInfinity)), Vector256.Create(halfNaN), Vector256.Create(halfInfinity));
        rounded = Vector256.ConditionalSelect(Vector256.LessThan(magnitude, Vector256.Create(infinity)), rounded, special);
        Vector256<uint> signed = (rounded | ((bits >>> 16) & Vector256.Create(0x8000))).AsUInt32();
        return Vector128.Narrow(signed.GetLower(), signed.GetUpper());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Widen(Vector128<int> widened)
    {
        Vector128<int> bits = (widened << 13) & Vector128.Create(SignAndMagnitude);
        Vector128<int> normal = bits + Vector128.Create(BiasCorrection);
        Vector128<float> subnormal = (bits + Vector128.Create(SubnormalCorrection)).AsSingle()
            - ((bits & Vector128.Create(Sign)) | Vector128.Create(SubnormalCorrection)).AsSingle();
        Vector128<int> isSubnormal = Vector128.Equals(bits & Vector128.Create(ExponentMask), Vector128<int>.Zero);
        return Vector128.ConditionalSelect(isSubnormal.AsSingle(), subnormal, normal.AsSingle());
    }
}
