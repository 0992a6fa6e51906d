using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>Single blocks of 32 columns, for the end of a row that is no whole vector.</summary>
internal static unsafe class IntegerBlocks
{
    /// <summary>scale · Σ code · x of a block of int4 codes, in 4 lanes.</summary>
    /// <param name="w">16 bytes of codes.</param>
    /// <param name="x">The block's first run of <see cref="QuantizedActivations.Codes"/>.</param>
    /// <param name="run">Integers from run to run.</param>
    /// <param name="offsets">The block's <see cref="QuantizedActivations.Offsets"/>, or null for codes that mean themselves.</param>
    /// <param name="scale">Scale of the codes times that of the activations.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Multiply4(byte* w, short* x, int run, int* offsets, float scale)
    {
        Vector128<short> v = Vector128.Load((short*)w);
        Vector128<short> nibble = Vector128.Create((short)15);
        Vector128<int> sum = Sse2.MultiplyAddAdjacent(v & nibble, Vector128.Load(x))
            + Sse2.MultiplyAddAdjacent((v >>> 4) & nibble, Vector128.Load(x + run))
            + Sse2.MultiplyAddAdjacent((v >>> 8) & nibble, Vector128.Load(x + (2 * run)))
            + Sse2.MultiplyAddAdjacent(v >>> 12, Vector128.Load(x + (3 * run)));
        return Vector128.ConvertToSingle(offsets == null ? sum : sum + Vector128.Load(offsets)) * Vector128.Create(scale);
    }
}
