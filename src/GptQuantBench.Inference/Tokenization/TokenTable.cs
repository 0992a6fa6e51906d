using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GptQuantBench.Inference.Tokenization;

/// <summary>The tokens of a vocabulary as bytes: id to bytes, and bytes to id by open addressing over one block of memory.</summary>
internal sealed class TokenTable
{
    private readonly int[] _start;
    private readonly int[] _length;
    private readonly int[] _slots;
    private byte[] _bytes;
    private int _used;

    /// <param name="size">Number of ids; an id without a token stands for no bytes.</param>
    /// <param name="byteCapacity">Expected bytes of all tokens.</param>
    public TokenTable(int size, int byteCapacity)
    {
        _start = new int[size];
        _length = new int[size];
        // At most 3/8 full, so that an unsuccessful search, the common case while merging, ends after few steps.
        _slots = new int[BitOperations.RoundUpToPowerOf2((uint)Math.Max(size, 8) * 2)];
        _bytes = new byte[byteCapacity];
    }

    /// <summary>Number of ids.</summary>
    public int Size => _start.Length;

    /// <summary>Number of bytes of the longest token.</summary>
    public int LongestToken { get; private set; }

    /// <summary>The bytes of an id; empty where the vocabulary has no token for it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is outside the vocabulary.</exception>
    public ReadOnlySpan<byte> Bytes(int id)
    {
        if ((uint)id >= (uint)_start.Length)
        {
            throw new ArgumentOutOfRangeException(nameof(id), id, $"expected an id of 0 to {_start.Length - 1}");
        }

        return _bytes.AsSpan(_start[id], _length[id]);
    }

    /// <summary>The id of a token, or −1.</summary>
    // Optimised from the first call, as all that runs for each token of a load.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int Find(ReadOnlySpan<byte> token) => token.Length > LongestToken ? -1 : _slots[Slot(token)] - 1;

    /// <summary>True where a token was given to the id.</summary>
    public bool Contains(int id) => _length[id] > 0;

    /// <summary>Gives bytes to an id, without making the id findable by them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void SetBytes(int id, ReadOnlySpan<byte> token)
    {
        if (_used + token.Length > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(2 * _bytes.Length, _used + token.Length));
        }

        token.CopyTo(_bytes.AsSpan(_used));
        _start[id] = _used;
        _length[id] = token.Length;
        _used += token.Length;
    }

    /// <summary>Gives a token to an id.</summary>
    /// <returns>False if the token has an id already.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool TryAdd(int id, ReadOnlySpan<byte> token)
    {
        int slot = Slot(token);
        if (_slots[slot] != 0)
        {
            return false;
        }

        SetBytes(id, token);
        _slots[slot] = id + 1;
        LongestToken = Math.Max(LongestToken, token.Length);
        return true;
    }

    /// <summary>The slot that holds the token, or the free one where it belongs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Slot(ReadOnlySpan<byte> token)
    {
        int mask = _slots.Length - 1;
        int slot = (int)(Hash(token) & (uint)mask);
        while (_slots[slot] != 0)
        {
            int id = _slots[slot] - 1;
            if (_length[id] == token.Length && _bytes.AsSpan(_start[id], _length[id]).SequenceEqual(token))
            {
                break;
            }

            slot = (slot + 1) & mask;
        }

        return slot;
    }

    /// <summary>A hash of the bytes, eight at a time; the finaliser is MurmurHash3's.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Hash(ReadOnlySpan<byte> token)
    {
        ulong hash = (uint)token.Length;
        while (token.Length >= sizeof(ulong))
        {
            hash = Mix(hash ^ MemoryMarshal.Read<ulong>(token));
            token = token[sizeof(ulong)..];
        }

        ulong rest = 0;
        foreach (byte value in token)
        {
            rest = (rest << 8) | value;
        }

        return (uint)Mix(hash ^ rest);
    }

    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 33)) * 0xFF51AFD7ED558CCD;
        value = (value ^ (value >> 33)) * 0xC4CEB9FE1A85EC53;
        return value ^ (value >> 33);
    }
}
