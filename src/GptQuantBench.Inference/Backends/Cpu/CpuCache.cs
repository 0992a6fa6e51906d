using System.Globalization;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>The caches of the machine's processor.</summary>
internal static class CpuCache
{
    private const string LinuxFolder = "/sys/devices/system/cpu/cpu0/cache";

    /// <summary>Bytes of the last level; null where the system does not tell.</summary>
    public static long? LastLevelBytes()
    {
        try
        {
            return Directory.Exists(LinuxFolder)
                ? Directory.GetDirectories(LinuxFolder, "index*").Select(folder => Size(Path.Combine(folder, "size"))).Max()
                : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Bytes of a text like <c>32768K</c>; null for any other.</summary>
    internal static long? Parse(string text)
    {
        text = text.Trim();
        int shift = text.EndsWith('K') ? 10 : text.EndsWith('M') ? 20 : 0;
        return long.TryParse(shift == 0 ? text : text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out long size)
            ? size << shift
            : null;
    }

    private static long? Size(string file) => File.Exists(file) ? Parse(File.ReadAllText(file)) : null;
}
