using System.Globalization;
using System.Runtime.InteropServices;

namespace GptQuantBench.Inference.Memory;

/// <summary>An array outside the managed heap, aligned to a cache line and counted in a <see cref="MemoryLedger"/>.</summary>
/// <typeparam name="T">Element type.</typeparam>
public sealed unsafe class NativeBuffer<T> : IDisposable
    where T : unmanaged
{
    /// <summary>Alignment of the first element in bytes: a cache line, and the widest vector.</summary>
    public const int Alignment = 64;

    private readonly MemoryLedger _ledger;
    private readonly MemoryCategory _category;
    private T* _data;

    /// <summary>Allocates.</summary>
    /// <param name="ledger">Counts exactly <see cref="ByteLength"/> bytes until Dispose.</param>
    /// <param name="category">What the memory is for.</param>
    /// <param name="length">Number of elements, 0 or more.</param>
    /// <param name="fill">What the memory holds at first.</param>
    /// <exception cref="InsufficientMemoryException">The system does not give that much.</exception>
    public NativeBuffer(MemoryLedger ledger, MemoryCategory category, long length, BufferFill fill)
    {
        ArgumentNullException.ThrowIfNull(ledger);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        _ledger = ledger;
        _category = category;
        Length = length;
        ByteLength = checked(length * sizeof(T));
        try
        {
            // A huge page starts at a multiple of its size.
            _data = (T*)ledger.Allocator.Allocate((nuint)ByteLength, ByteLength >= HugePages.PageBytes ? HugePages.PageBytes : (nuint)Alignment);
        }
        catch (OutOfMemoryException exception)
        {
            throw new InsufficientMemoryException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"The system refused {ByteLength / 1e9:0.###} GB of memory for {category}; choose a smaller model, format or context."),
                exception);
        }

        HugePages.Ask(_data, ByteLength);
        switch (fill)
        {
            case BufferFill.Zero:
                NativeMemory.Clear(_data, (nuint)ByteLength);
                break;
            case BufferFill.Poison:
                NativeMemory.Fill(_data, (nuint)ByteLength, 0xFF);
                break;
        }

        ledger.Add(category, ByteLength);
    }

    /// <summary>Number of elements.</summary>
    public long Length { get; }

    /// <summary>Bytes held, without what alignment costs.</summary>
    public long ByteLength { get; }

    /// <summary>The first element.</summary>
    /// <exception cref="ObjectDisposedException">The memory was given back.</exception>
    public T* Data
    {
        get
        {
            ObjectDisposedException.ThrowIf(_data == null, this);
            return _data;
        }
    }

    /// <summary>Some of the elements.</summary>
    public Span<T> Slice(long start, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start + length, Length);
        return new Span<T>(Data + start, length);
    }

    /// <summary>Gives the memory back; a second call does nothing.</summary>
    public void Dispose()
    {
        if (_data != null)
        {
            _ledger.Allocator.Free(_data);
            _data = null;
            _ledger.Add(_category, -ByteLength);
        }
    }
}
