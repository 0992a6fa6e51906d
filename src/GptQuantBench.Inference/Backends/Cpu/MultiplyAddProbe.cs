using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>
/// The arithmetic rate of this machine: FP32 multiply-adds on all threads with operands in registers, and as many chains side by side as
/// hide the latency (4 cycles, at most 2 a cycle on x64). What a blocked matrix product could reach at most.
/// </summary>
public sealed class MultiplyAddProbe : IDeviceProbe
{
    private const int Chains = 12;

    // A chunk takes some tens of microseconds, so that a thread that loses its core leaves little behind.
    private const int StepsPerChunk = 20_000;
    private const int ChunksPerThread = 100;

    // a ← a · 1/2 + 1 tends to 2 from wherever it starts: never an overflow, a denormal or a constant that the compiler could know.
    private const float Factor = 0.5f;
    private const float Addend = 1f;
    private const float Limit = 2f;

    private readonly WorkerPool _pool = new(Environment.ProcessorCount);
    private readonly float[] _results;
    private readonly bool _isWide;
    private readonly Action<int, int> _body;

    /// <param name="isWide">Vectors of 512 bits, else of 256.</param>
    public MultiplyAddProbe(bool isWide)
    {
        _isWide = isWide;
        _results = new float[ChunksPerThread * _pool.ThreadCount];
        _body = (chunk, _) => _results[chunk] = _isWide ? Wide(chunk) : Narrow(chunk);
    }

    /// <inheritdoc />
    public long BytesPerPass => 0;

    /// <inheritdoc />
    public long OperationsPerPass =>
        2L * _results.Length * StepsPerChunk * Chains * (_isWide ? Vector512<float>.Count : Vector256<float>.Count);

    /// <summary>The probe with the vectors that are faster here: some processors lower their clock for wide ones.</summary>
    public static MultiplyAddProbe Fastest()
    {
        MultiplyAddProbe narrow = new(isWide: false);
        if (!Vector512.IsHardwareAccelerated)
        {
            return narrow;
        }

        MultiplyAddProbe wide = new(isWide: true);
        bool isWideFaster = Rate(wide) >= Rate(narrow);
        (isWideFaster ? narrow : wide).Dispose();
        return isWideFaster ? wide : narrow;

        static double Rate(MultiplyAddProbe probe) => ProbeRate.Median(probe, passes: 3, pass => pass.OperationsPerPass);
    }

    /// <inheritdoc />
    public double? Pass()
    {
        _pool.Run(_results.Length, _body);
        return Array.TrueForAll(_results, result => MathF.Abs(result - Limit) < 1e-3f)
            ? null
            : throw new InvalidOperationException(
                "The arithmetic probe computed wrongly, so its figure cannot be used; report this as a bug.");
    }

    /// <inheritdoc />
    public void Dispose() => _pool.Dispose();

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Wide(float start)
    {
        Vector512<float> factor = Vector512.Create(Factor), addend = Vector512.Create(Addend), a = Vector512.Create(start);
        Vector512<float> b = a, c = a, d = a, e = a, f = a, g = a, h = a, i = a, j = a, k = a, l = a;
        for (int step = 0; step < StepsPerChunk; step++)
        {
            a = Vector512.MultiplyAddEstimate(a, factor, addend);
            b = Vector512.MultiplyAddEstimate(b, factor, addend);
            c = Vector512.MultiplyAddEstimate(c, factor, addend);
            d = Vector512.MultiplyAddEstimate(d, factor, addend);
            e = Vector512.MultiplyAddEstimate(e, factor, addend);
            f = Vector512.MultiplyAddEstimate(f, factor, addend);
            g = Vector512.MultiplyAddEstimate(g, factor, addend);
            h = Vector512.MultiplyAddEstimate(h, factor, addend);
            i = Vector512.MultiplyAddEstimate(i, factor, addend);
            j = Vector512.MultiplyAddEstimate(j, factor, addend);
            k = Vector512.MultiplyAddEstimate(k, factor, addend);
            l = Vector512.MultiplyAddEstimate(l, factor, addend);
        }

        return Vector512.Sum(a + b + c + d + e + f + g + h + i + j + k + l) / (Chains * Vector512<float>.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Narrow(float start)
    {
        Vector256<float> factor = Vector256.Create(Factor), addend = Vector256.Create(Addend), a = Vector256.Create(start);
        Vector256<float> b = a, c = a, d = a, e = a, f = a, g = a, h = a, i = a, j = a, k = a, l = a;
        for (int step = 0; step < StepsPerChunk; step++)
        {
            a = Vector256.MultiplyAddEstimate(a, factor, addend);
            b = Vector256.MultiplyAddEstimate(b, factor, addend);
            c = Vector256.MultiplyAddEstimate(c, factor, addend);
            d = Vector256.MultiplyAddEstimate(d, factor, addend);
            e = Vector256.MultiplyAddEstimate(e, factor, addend);
            f = Vector256.MultiplyAddEstimate(f, factor, addend);
            g = Vector256.MultiplyAddEstimate(g, factor, addend);
            h = Vector256.MultiplyAddEstimate(h, factor, addend);
            i = Vector256.MultiplyAddEstimate(i, factor, addend);
            j = Vector256.MultiplyAddEstimate(j, factor, addend);
            k = Vector256.MultiplyAddEstimate(k, factor, addend);
            l = Vector256.MultiplyAddEstimate(l, factor, addend);
        }

        return Vector256.Sum(a + b + c + d + e + f + g + h + i + j + k + l) / (Chains * Vector256<float>.Count);
    }
}
