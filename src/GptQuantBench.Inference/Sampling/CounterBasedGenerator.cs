namespace GptQuantBench.Inference.Sampling;

/// <summary>
/// Random numbers by index, without state: draw n of a seed is output n of the generator SplitMix64 (Steele, Lea and Flood, "Fast
/// splittable pseudorandom number generators", 2014) started from the seed. A device computes any draw from (seed, n) alone.
/// </summary>
public static class CounterBasedGenerator
{
    /// <summary>The 64 random bits of a draw.</summary>
    /// <param name="seed">Any value.</param>
    /// <param name="index">Index of the draw, at least 0.</param>
    public static ulong Draw(ulong seed, long index)
    {
        ulong z = unchecked(seed + (0x9E3779B97F4A7C15 * ((ulong)index + 1)));
        z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9);
        z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EB);
        return z ^ (z >> 31);
    }
}
