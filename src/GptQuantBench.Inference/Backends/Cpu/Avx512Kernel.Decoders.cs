using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <content>How a block of 32 columns becomes two vectors of 16, per format.</content>
internal sealed unsafe partial class Avx512Kernel
{
    /// <summary>A format, as a type so that the loops around it are compiled once for each.</summary>
    private interface IDecoder
    {
        /// <summary>Bytes of a block's codes.</summary>
        static abstract int BlockBytes { get; }

        /// <summary>The values of a block, without a scale that belongs to the whole row.</summary>
        static abstract void Decode(
            byte* codes, float* scales, float* minima, int group, bool isGrouped, out Vector512<float> low, out Vector512<float> high);
    }

    private readonly struct Fp16 : IDecoder
    {
        public static int BlockBytes => 64;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Decode(
            byte* codes, float* scales, float* minima, int group, bool isGrouped, out Vector512<float> low, out Vector512<float> high)
        {
            Vector256<short> first = Vector256.Load((short*)codes);
            Vector256<short> second = Vector256.Load((short*)codes + 16);
            if (HalfVectors.AnySubnormal(Vector512.Load((short*)codes)))
            {
                low = HalfVectors.Widen(first);
                high = HalfVectors.Widen(second);
                return;
            }

            low = HalfVectors.WidenNormal(first);
            high = HalfVectors.WidenNormal(second);
        }
    }

    private readonly struct Int8 : IDecoder
    {
        public static int BlockBytes => 32;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Decode(
            byte* codes, float* scales, float* minima, int group, bool isGrouped, out Vector512<float> low, out Vector512<float> high)
        {
            low = Avx512F.ConvertToVector512Single(Avx512F.ConvertToVector512Int32(Vector128.Load((sbyte*)codes)));
            high = Avx512F.ConvertToVector512Single(Avx512F.ConvertToVector512Int32(Vector128.Load((sbyte*)codes + 16)));
            if (isGrouped)
            {
                Vector512<float> scale = Vector512.Create(scales[group]);
                low *= scale;
                high *= scale;
            }
        }
    }

    /// <summary>
    /// All 16 values that a group can have fit one register, and a code is an index into it: one permutation decodes 16 columns.
    /// </summary>
    private readonly struct Int4Symmetric : IDecoder
    {
        public static int BlockBytes => 16;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Decode(
            byte* codes, float* scales, float* minima, int group, bool isGrouped, out Vector512<float> low, out Vector512<float> high)
        {
            Vector512<float> values = Vector512.CreateSequence(-8f, 1f) * Vector512.Create(scales[group]);

            // The permutation looks at the lowest 4 bits of an index only, so nothing has to be masked.
            Vector512<int> pairs = Avx512F.ConvertToVector512Int32(Vector128.Load(codes));
            low = Avx512F.PermuteVar16x32(values, pairs);
            high = Avx512F.PermuteVar16x32(values, pairs >> 4);
        }
    }

    private readonly struct Int4Asymmetric : IDecoder
    {
        public static int BlockBytes => 16;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Decode(
            byte* codes, float* scales, float* minima, int group, bool isGrouped, out Vector512<float> low, out Vector512<float> high)
        {
            // scale × code is exact in FP32 (11 + 4 bits), so the fused form rounds as the plain one.
            Vector512<float> values = Avx512F.FusedMultiplyAdd(
                Vector512.CreateSequence(0f, 1f), Vector512.Create(scales[group]), Vector512.Create(minima[group]));
            Vector512<int> pairs = Avx512F.ConvertToVector512Int32(Vector128.Load(codes));
            low = Avx512F.PermuteVar16x32(values, pairs);
            high = Avx512F.PermuteVar16x32(values, pairs >> 4);
        }
    }
}
