using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using GptQuantBench.Inference.Models;
using Microsoft.Win32.SafeHandles;

namespace GptQuantBench.Inference.Checkpoints;

/// <summary>
/// One memory-mapped safetensors file: an 8-byte little-endian header length, a JSON header, then the tensors' bytes. Opening reads
/// the header only. A file that is truncated while it is mapped cannot be read safely; nobody may write to it.
/// </summary>
public sealed unsafe class SafetensorsFile : ICheckpoint
{
    private const int LengthBytes = sizeof(ulong);

    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private readonly SafeMemoryMappedViewHandle _handle;
    private bool _isDisposed;

    private SafetensorsFile(MemoryMappedFile map, string path, long length)
    {
        _map = map;
        Location = path;
        _view = map.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
        _handle = _view.SafeMemoryMappedViewHandle;
        byte* view = null;
        _handle.AcquirePointer(ref view);
        try
        {
            Tensors = ReadTensors(view + _view.PointerOffset, length, path);
        }
        catch
        {
            Unmap();
            throw;
        }
    }

    /// <inheritdoc />
    public string Location { get; }

    /// <inheritdoc />
    public IReadOnlyDictionary<string, CheckpointTensor> Tensors { get; }

    /// <summary>Maps a file and checks its header.</summary>
    /// <exception cref="ModelFormatException">The file cannot be read or breaks a rule of the format.</exception>
    public static SafetensorsFile Open(string path)
    {
        using FileStream stream = ModelFiles.OpenRead(path);
        long length = stream.Length;
        if (length < LengthBytes)
        {
            throw Broken(path, $"it has {length} bytes, fewer than the 8 that hold the header's length");
        }

        MemoryMappedFile map;
        try
        {
            map = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ModelFiles.Unreadable(path, e);
        }

        try
        {
            return new SafetensorsFile(map, path, length);
        }
        catch (Exception e)
        {
            map.Dispose();
            throw e is IOException or UnauthorizedAccessException ? ModelFiles.Unreadable(path, e) : e;
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            Unmap();
            _map.Dispose();
        }
    }

    internal static ModelFormatException Broken(string path, string what, Exception? cause = null) =>
        new($"{path} is not a valid safetensors file: {what}; fetch or write it again.", cause);

    private static Dictionary<string, CheckpointTensor> ReadTensors(byte* file, long length, string path)
    {
        ulong headerLength = BinaryPrimitives.ReadUInt64LittleEndian(new ReadOnlySpan<byte>(file, LengthBytes));
        if (headerLength > SafetensorsHeader.LongestHeader)
        {
            throw Broken(
                path, $"its header claims {headerLength} bytes, more than the {SafetensorsHeader.LongestHeader} that the format allows");
        }

        long dataLength = length - LengthBytes - (long)headerLength;
        if (dataLength < 0)
        {
            throw Broken(path, $"its header claims {headerLength} bytes, but only {length - LengthBytes} follow in the file");
        }

        var json = new ReadOnlySpan<byte>(file + LengthBytes, (int)headerLength);
        byte* data = file + LengthBytes + headerLength;
        var tensors = new Dictionary<string, CheckpointTensor>();
        foreach (SafetensorsEntry entry in SafetensorsHeader.Read(json, dataLength, path))
        {
            TensorType type = SafetensorsTypes.Of(entry.TypeName);
            tensors.Add(
                entry.Name,
                new CheckpointTensor(entry.Name, type, entry.TypeName, entry.Shape, data + entry.Begin, entry.End - entry.Begin, path));
        }

        return tensors;
    }

    private void Unmap()
    {
        _handle.ReleasePointer();
        _view.Dispose();
    }
}
