namespace GptQuantBench.Inference.Backends.Cpu.Kernels;

/// <summary>
/// What a product with a tile needs of an instruction set: vectors of 32-bit lanes, a lane an output. Kernels are written once over
/// it and compiled for each.
/// </summary>
/// <typeparam name="TWords">A vector of 32-bit words.</typeparam>
/// <typeparam name="TFloats">A vector of as many FP32 values.</typeparam>
internal unsafe interface ILanes<TWords, TFloats>
    where TWords : struct
    where TFloats : struct
{
    /// <summary>Lanes.</summary>
    static abstract int Count { get; }

    /// <summary>
    /// Whether a single input is multiplied with <see cref="LaneKernel{TLanes,TWords,TFloats}.Streams"/> tiles at once, each a stream of memory of
    /// its own, rather than with one.
    /// </summary>
    static abstract bool ReadsStreams { get; }

    /// <summary>Zeros.</summary>
    static abstract TWords ZeroWords { get; }

    /// <summary>Zeros.</summary>
    static abstract TFloats Zero { get; }

    static abstract TWords LoadWords(byte* words);

    /// <summary>The same word in each lane.</summary>
    static abstract TWords Broadcast(int word);

    static abstract TFloats Load(float* values);

    /// <summary>FP16 to FP32.</summary>
    static abstract TFloats LoadHalves(ushort* halves);

    static abstract void Store(TFloats values, float* to);

    /// <summary>The same value in each lane.</summary>
    static abstract TFloats Broadcast(float value);

    /// <summary>The lower half of each word, times 2^-112.</summary>
    static abstract TFloats LowHalves(TWords words);

    /// <summary>The upper half of each word, times 2^-112.</summary>
    static abstract TFloats HighHalves(TWords words);

    /// <summary>Bytes 0 and 2 of each word as 16-bit integers.</summary>
    static abstract TWords EvenBytes(TWords words);

    /// <summary>Bytes 1 and 3 of each word as 16-bit integers.</summary>
    static abstract TWords OddBytes(TWords words);

    /// <summary>The lower 4 bits of each byte.</summary>
    static abstract TWords LowNibbles(TWords words);

    /// <summary>The upper 4 bits of each byte.</summary>
    static abstract TWords HighNibbles(TWords words);

    /// <summary>A lane: the sum of the products of its two 16-bit integers.</summary>
    static abstract TWords MultiplyPairs(TWords left, TWords right);

    /// <summary>The halves of a lane: the sums of the products of two bytes each, 0 … 127 times −128 … 127.</summary>
    static abstract TWords MultiplyBytes(TWords unsigned, TWords signed);

    /// <summary>Sums of 16-bit integers, which must not overflow.</summary>
    static abstract TWords AddPairs(TWords left, TWords right);

    /// <summary>A lane: the sum of its two 16-bit integers.</summary>
    static abstract TWords SumPairs(TWords pairs);

    static abstract TWords Add(TWords left, TWords right);

    static abstract TWords Subtract(TWords left, TWords right);

    /// <summary>Each word shifted left, then right with its sign: the 32 − right bits that end left bits below the top.</summary>
    static abstract TWords Extract(TWords words, int left, int right);

    /// <summary>Each word shifted right, zeros coming in.</summary>
    static abstract TWords ShiftRight(TWords words, int bits);

    static abstract TWords And(TWords words, int mask);

    static abstract TFloats ToFloats(TWords words);

    static abstract TFloats Add(TFloats left, TFloats right);

    static abstract TFloats Multiply(TFloats left, TFloats right);

    /// <summary>left · right + sum, rounded once.</summary>
    static abstract TFloats MultiplyAdd(TFloats left, TFloats right, TFloats sum);
}
