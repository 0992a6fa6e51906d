using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace GptQuantBench.Inference.Quantization;

/// <summary>
/// <see cref="LeastSquaresScale.Symmetric"/> for 32 values that weigh the same, which is what a load packs: the values stay in registers, and
/// eight trials are summed up, divided and compared side by side. Operation by operation the same, so the bits are, too: sums of eight lanes are
/// those of <see cref="Vector256.Sum{T}"/>, of neighbours, of their sums, and of both halves.
/// </summary>
internal static class LeastSquaresGroup
{
    /// <summary>Values of a group.</summary>
    public const int Length = 32;

    private const int Batch = 8;

    /// <summary>Whether this machine has the instructions; another one takes the general way.</summary>
    public static bool IsSupported => Avx.IsSupported;

    /// <summary>The scale of codes −8…7.</summary>
    /// <param name="values">32 finite values.</param>
    /// <param name="trials">Where the value of largest magnitude lands, in codes: two times eight.</param>
    /// <param name="plain">The scale of plain rounding, finite and not 0.</param>
    public static Half Symmetric(ReadOnlySpan<float> values, ReadOnlySpan<float> trials, Half plain)
    {
        ref float first = ref MemoryMarshal.GetReference(values);
        ref float firstTrial = ref MemoryMarshal.GetReference(trials);
        Group group = new(
            Vector256.LoadUnsafe(ref first), Vector256.LoadUnsafe(ref first, 8), Vector256.LoadUnsafe(ref first, 16), Vector256.LoadUnsafe(ref first, 24));
        Vector256<float> largest = Vector256.Create(-8f * (float)plain);
        (Vector256<float> scale, Vector256<float> gain) = Fit(group, Vector256.LoadUnsafe(ref firstTrial) / largest);
        (Vector256<float> otherScale, Vector256<float> otherGain) = Fit(group, Vector256.LoadUnsafe(ref firstTrial, Batch) / largest);

        // The first of those that gain most.
        Vector256<float> most = Vector256.MaxNative(gain, otherGain);
        most = Vector256.MaxNative(most, Vector256.Create(most.GetUpper(), most.GetLower()));
        most = Vector256.MaxNative(most, Avx.Permute(most, 0b_01_00_11_10));
        most = Vector256.MaxNative(most, Avx.Permute(most, 0b_10_11_00_01));
        if (!(most.ToScalar() > 0))
        {
            return plain;
        }

        uint hits = Vector256.Equals(gain, most).ExtractMostSignificantBits() | (Vector256.Equals(otherGain, most).ExtractMostSignificantBits() << Batch);
        int best = int.TrailingZeroCount((int)hits);
        Half rounded = (Half)(best < Batch ? scale[best] : otherScale[best - Batch]);
        return rounded != Half.Zero && Half.IsFinite(rounded) && group.Error((float)rounded) < group.Error((float)plain) ? rounded : plain;
    }

    /// <summary>Of eight trials the scales that fit their codes best, and what they take off the squared error.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<float> Scales, Vector256<float> Gains) Fit(in Group group, Vector256<float> inverses)
    {
        (Vector128<float> products, Vector128<float> squares) = group.FitFour(inverses.GetLower());
        (Vector128<float> otherProducts, Vector128<float> otherSquares) = group.FitFour(inverses.GetUpper());
        Vector256<float> product = Vector256.Create(products, otherProducts), square = Vector256.Create(squares, otherSquares);
        Vector256<float> isEmpty = Vector256.Equals(square, Vector256<float>.Zero);
        return (product / square, Vector256.AndNot(product * product / square, isEmpty));
    }

    private readonly struct Group(Vector256<float> first, Vector256<float> second, Vector256<float> third, Vector256<float> fourth)
    {
        private readonly Vector256<float> _first = first, _second = second, _third = third, _fourth = fourth;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public (Vector128<float> Products, Vector128<float> Squares) FitFour(Vector128<float> inverses)
        {
            (Vector256<float> p0, Vector256<float> s0) = Fit(inverses[0]);
            (Vector256<float> p1, Vector256<float> s1) = Fit(inverses[1]);
            (Vector256<float> p2, Vector256<float> s2) = Fit(inverses[2]);
            (Vector256<float> p3, Vector256<float> s3) = Fit(inverses[3]);
            return (SumFour(p0, p1, p2, p3), SumFour(s0, s1, s2, s3));
        }

        public float Error(float scale)
        {
            Vector256<float> by = Vector256.Create(scale);
            return Vector256.Sum(Squared(_first, by) + Squared(_second, by) + Squared(_third, by) + Squared(_fourth, by));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector256<float> Squared(Vector256<float> value, Vector256<float> by)
        {
            Vector256<float> difference = value - (LeastSquaresScale.SymmetricCode(value / by) * by);
            return difference * difference;
        }

        /// <summary>The sums of four vectors.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector128<float> SumFour(Vector256<float> a, Vector256<float> b, Vector256<float> c, Vector256<float> d)
        {
            Vector256<float> halves = Avx.HorizontalAdd(Avx.HorizontalAdd(a, b), Avx.HorizontalAdd(c, d));
            return halves.GetLower() + halves.GetUpper();
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private (Vector256<float> Products, Vector256<float> Squares) Fit(float inverse)
        {
            Vector256<float> by = Vector256.Create(inverse);
            Vector256<float> a = LeastSquaresScale.SymmetricCode(_first * by), b = LeastSquaresScale.SymmetricCode(_second * by);
            Vector256<float> c = LeastSquaresScale.SymmetricCode(_third * by), d = LeastSquaresScale.SymmetricCode(_fourth * by);
            return ((a * _first) + (b * _second) + (c * _third) + (d * _fourth), (a * a) + (b * b) + (c * c) + (d * d));
        }
    }
}
