using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <content>How a block of 32 columns becomes four vectors of 8, per format.</content>
internal sealed unsafe partial class Avx2Kernel
{
    /// <summary>A format, as a type so that the loops around it are compiled once for each.</summary>
    private interface IDecoder
    {
        /// <summary>Bytes of a block's codes.</summary>
        static abstract int BlockBytes { get; }

        /// <summary>The values of a block, without a scale that belongs to the whole row.</summary>
        static abstract void Decode(
            byte* codes, float* scales, float* minima, int group, bool isGrouped,
            out Vector256<float> v0, out Vector256<float> v1, out Vector256<float> v2, out Vector256<float> v3);
    }

    private readonly struct Fp16 : IDecoder
    {
        public static int BlockBytes => 64;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Decode(
            byte* codes, float* scales, float* minima, int group, bool isGrouped,
            out Vector256<float> v0, out Vector256<float> v1, out Vector256<float> v2, out Vector256<float> v3)
        {
            Vector128<short> h0 = Vector128.Load((short*)codes);
            Vector128<short> h1 = Vector128.Load((short*)codes + 8);
            Vector128<short> h2 = Vector128.Load((short*)codes + 16);
            Vector128<short> h3 = Vector128.Load((short*)codes + 24);
            if (HalfVectors.AnySubnormal(Vector256.Load((short*)codes), Vector256.Load((short*)codes + 16)))
            {
                v0 = HalfVectors.Widen(h0);
                v1 = HalfVectors.Widen(h1);
                v2 = HalfVectors.Widen(h2);
                v3 = HalfVectors.Widen(h3);
                return;
            }

            v0 = HalfVectors.WidenNormal(h0);
            v1 = HalfVectors.WidenNormal(h1);
            v2 = HalfVectors.WidenNormal(h2);
            v3 = HalfVectors.WidenNormal(h3);
        }
    }

    private readonly struct Int8 : IDecoder
    {
        public static int BlockBytes => 32;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Decode(
            byte* codes, float* scales, float* minima, int group, bool isGrouped,
            out Vector256<float> v0, out Vector256<float> v1, out Vector256<float> v2, out Vector256<float> v3)
        {
            v0 = Avx.ConvertToVector256Single(Avx2.ConvertToVector256Int32((sbyte*)codes));
            v1 = Avx.ConvertToVector256Single(Avx2.ConvertToVector256Int32((sbyte*)codes + 8));
            v2 = Avx.ConvertToVector256Single(Avx2.ConvertToVector256Int32((sbyte*)codes + 16));
            v3 = Avx.ConvertToVector256Single(Avx2.ConvertToVector256Int32((sbyte*)codes + 24));
            if (isGrouped)
            {
                Vector256<float> scale = Vector256.Create(scales[group]);
                v0 *= scale;
                v1 *= scale;
                v2 *= scale;
                v3 *= scale;
            }
        }
    }

    private readonly struct Int4Symmetric : IDecoder
    {
        public static int BlockBytes => 16;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Decode(
            byte* codes, float* scales, float* minima, int group, bool isGrouped,
            out Vector256<float> v0, out Vector256<float> v1, out Vector256<float> v2, out Vector256<float> v3)
        {
            Codes(codes, out v0, out v1, out v2, out v3);
            Vector256<float> scale = Vector256.Create(scales[group]);
            Vector256<float> zero = Vector256.Create(-8f) * scale;

            // Both products are exact in FP32 (11 + 4 bits), so this is scale × (code − 8) without rounding.
            v0 = Fma.MultiplyAdd(v0, scale, zero);
            v1 = Fma.MultiplyAdd(v1, scale, zero);
            v2 = Fma.MultiplyAdd(v2, scale, zero);
            v3 = Fma.MultiplyAdd(v3, scale, zero);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Codes(
            byte* codes, out Vector256<float> v0, out Vector256<float> v1, out Vector256<float> v2, out Vector256<float> v3)
        {
            Vector256<int> first = Avx2.ConvertToVector256Int32(codes);
            Vector256<int> second = Avx2.ConvertToVector256Int32(codes + 8);
            Vector256<int> nibble = Vector256.Create(15);
            v0 = Avx.ConvertToVector256Single(first & nibble);
            v1 = Avx.ConvertToVector256Single(second & nibble);
            v2 = Avx.ConvertToVector256Single(first >> 4);
            v3 = Avx.ConvertToVector256Single(second >> 4);
        }
    }

    private readonly struct Int4Asymmetric : IDecoder
    {
        public static int BlockBytes => 16;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Decode(
            byte* codes, float* scales, float* minima, int group, bool isGrouped,
            out Vector256<float> v0, out Vector256<float> v1, out Vector256<float> v2, out Vector256<float> v3)
        {
            Int4Symmetric.Codes(codes, out v0, out v1, out v2, out v3);
            Vector256<float> scale = Vector256.Create(scales[group]);
            Vector256<float> minimum = Vector256.Create(minima[group]);

            // scale × code is exact in FP32 (11 + 4 bits), so the fused form rounds as the plain one.
            v0 = Fma.MultiplyAdd(v0, scale, minimum);
            v1 = Fma.MultiplyAdd(v1, scale, minimum);
            v2 = Fma.MultiplyAdd(v2, scale, minimum);
            v3 = Fma.MultiplyAdd(v3, scale, minimum);
        }
    }
}
