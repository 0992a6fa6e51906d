using System.Numerics;
using System.Runtime.InteropServices;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Checkpoints;

/// <summary>
/// Approximately normal values, each a pure function of (key, index): the same whatever the number of threads, the block they are
/// computed in, or the width of the machine's vectors.
/// </summary>
/// <remarks>
/// An index is hashed to 64 bits, taken as four uniform 16-bit numbers; their sum is close to a normal distribution (Irwin-Hall,
/// n = 4: kurtosis 2.7 instead of 3, nothing beyond 3.5 standard deviations). Integers up to the last multiplication and addition,
/// so every machine gets the same bits.
/// </remarks>
internal static class SyntheticValues
{
    /// <summary>Mean of a sum of four uniform numbers 0…65535.</summary>
    private const int SumMean = 4 * 65535 / 2;

    /// <summary>Standard deviation of that sum, √(4 · (65536² − 1) / 12).</summary>
    private const float SumDeviation = 37837.227f;

    /// <summary>A well-mixed key from a seed and a stream number (the output function of SplitMix64).</summary>
    public static ulong Key(ulong seed, int stream)
    {
        ulong z = seed + (0x9E3779B97F4A7C15 * ((ulong)stream + 1));
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>The values of indices <paramref name="first"/>, first + 1, … of a key.</summary>
    public static void Fill(ulong key, uint first, Span<float> destination, WeightDistribution distribution)
    {
        float scale = distribution.Deviation / SumDeviation;
        (uint low, uint high) = ((uint)key, (uint)(key >> 32));
        Span<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(destination);
        Vector<uint> index = Vector.CreateSequence(first, 1u);
        for (int i = 0; i < vectors.Length; i++)
        {
            Vector<uint> mixed = Mix(Mix(index ^ new Vector<uint>(low)) ^ new Vector<uint>(high));
            Vector<uint> other = Mix(mixed + new Vector<uint>(0x9E3779B9));
            Vector<uint> sum = (mixed & new Vector<uint>(0xFFFF)) + (mixed >>> 16) + (other & new Vector<uint>(0xFFFF)) + (other >>> 16);
            Vector<float> centred = Vector.ConvertToSingle(Vector.AsVectorInt32(sum) - new Vector<int>(SumMean));
            vectors[i] = (centred * scale) + new Vector<float>(distribution.Mean);
            index += new Vector<uint>((uint)Vector<uint>.Count);
        }

        int done = vectors.Length * Vector<float>.Count;
        if (done < destination.Length)
        {
            Span<float> last = stackalloc float[Vector<float>.Count];
            Fill(key, first + (uint)done, last, distribution);
            last[..(destination.Length - done)].CopyTo(destination[done..]);
        }
    }

    /// <summary>A bijection of 32 bits that changes half of the output bits for each input bit (Wellons' lowbias32).</summary>
    private static Vector<uint> Mix(Vector<uint> x)
    {
        x = (x ^ (x >>> 16)) * new Vector<uint>(0x7FEB352D);
        x = (x ^ (x >>> 15)) * new Vector<uint>(0x846CA68B);
        return x ^ (x >>> 16);
    }
}
