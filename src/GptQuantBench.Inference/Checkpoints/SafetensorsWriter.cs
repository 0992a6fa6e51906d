using GptQuantBench.Inference.Models;
using Microsoft.Win32.SafeHandles;

namespace GptQuantBench.Inference.Checkpoints;

/// <summary>
/// Writes a safetensors file piece by piece, from any number of threads. The file appears under its name when all of it is written
/// (<see cref="Commit"/>); until then, and after a failure, there is only a temporary file beside it, which Dispose removes.
/// </summary>
internal sealed class SafetensorsWriter : IDisposable
{
    private static readonly TimeSpan _abandoned = TimeSpan.FromMinutes(10);

    private readonly string _path;
    private readonly string _temporary;
    private readonly SafetensorsLayout _layout;
    private readonly SafeFileHandle _handle;

    /// <summary>Reserves the space of the whole file and writes the header.</summary>
    /// <exception cref="ModelFormatException">The folder cannot be written to, or its disk has too little space.</exception>
    public SafetensorsWriter(string path, SafetensorsLayout layout)
    {
        _path = path;
        _layout = layout;
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        _temporary = Path.Combine(folder, $"{Path.GetFileName(path)}.{Guid.NewGuid():N}.tmp");
        try
        {
            Directory.CreateDirectory(folder);
            RemoveAbandoned(folder, Path.GetFileName(path));
            long free = new DriveInfo(folder).AvailableFreeSpace;
            if (free < layout.FileLength)
            {
                throw NoSpace(free, null);
            }

            _handle = File.OpenHandle(
                _temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, FileOptions.None, preallocationSize: layout.FileLength);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw Unwritable(e);
        }

        try
        {
            Write(layout.Header, 0);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Writes a part of a tensor; safe from several threads.</summary>
    /// <param name="entry">A tensor of the layout.</param>
    /// <param name="offset">First byte inside the tensor.</param>
    /// <param name="data">The bytes, little-endian.</param>
    /// <exception cref="ModelFormatException">The disk is full or fails.</exception>
    public void Write(SafetensorsEntry entry, long offset, ReadOnlySpan<byte> data)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + data.Length, entry.End - entry.Begin);
        Write(data, _layout.Header.Length + entry.Begin + offset);
    }

    /// <summary>Gives the file its name, replacing one that is there.</summary>
    /// <exception cref="ModelFormatException">Not everything was written, or the file cannot be renamed.</exception>
    public void Commit()
    {
        try
        {
            long length = RandomAccess.GetLength(_handle);
            if (length != _layout.FileLength)
            {
                throw new InvalidOperationException($"{_path} was committed with {length} of {_layout.FileLength} bytes written.");
            }

            _handle.Dispose();
            File.Move(_temporary, _path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(e);
        }
    }

    /// <summary>Removes the temporary file unless it was committed.</summary>
    public void Dispose()
    {
        _handle.Dispose();
        try
        {
            File.Delete(_temporary);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next writer in this folder removes it; an error here would hide the one that led here.
        }
    }

    private void Write(ReadOnlySpan<byte> data, long position)
    {
        try
        {
            RandomAccess.Write(_handle, data, position);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(e);
        }
    }

    /// <summary>Removes what killed processes left behind: temporary files that nobody has written to for ten minutes.</summary>
    private static void RemoveAbandoned(string folder, string fileName)
    {
        foreach (string file in Directory.EnumerateFiles(folder, fileName + ".*.tmp"))
        {
            if (DateTime.UtcNow - File.GetLastWriteTimeUtc(file) > _abandoned)
            {
                File.Delete(file);
            }
        }
    }

    private ModelFormatException Unwritable(Exception cause)
    {
        const int HandleDiskFull = unchecked((int)0x80070027);
        const int DiskFull = unchecked((int)0x80070070);
        const int OutOfSpaceOnUnix = 28;
        if (cause.HResult is HandleDiskFull or DiskFull or OutOfSpaceOnUnix)
        {
            return NoSpace(FreeBytes(), cause);
        }

        return new ModelFormatException(
            $"{_path} cannot be written ({ModelFiles.Reason(cause)}), expected a folder that can be written to; "
            + "change its permissions or choose another one with --artifacts.",
            cause);
    }

    private long FreeBytes()
    {
        try
        {
            return new DriveInfo(Path.GetDirectoryName(_temporary)!).AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    private ModelFormatException NoSpace(long free, Exception? cause) => new(
        $"{_path} needs {_layout.FileLength} bytes and its disk has {free} free; "
        + "free some space or choose another folder with --artifacts.",
        cause);
}
