using System.Text.Json;

namespace GptQuantBench.Benchmarks;

/// <summary>Records of processes on disk, one file for each process, beside the phase records.</summary>
/// <typeparam name="TRecord">What a process tells the host.</typeparam>
internal sealed class RecordStore<TRecord>(string recordDirectory)
{
    private readonly string _directory = Path.Combine(recordDirectory, typeof(TRecord).Name);

    /// <summary>Writes a record; the file appears complete or not at all.</summary>
    public void Write(TRecord record)
    {
        Directory.CreateDirectory(_directory);
        // Counted and not dated, as phase records are.
        var path = Path.Combine(_directory, $"{Directory.EnumerateFiles(_directory, "*.json").Count():D6}-{Guid.NewGuid():N}");
        File.WriteAllText(path + ".tmp", JsonSerializer.Serialize(record));
        File.Move(path + ".tmp", path + ".json");
    }

    /// <summary>Those that are wanted, oldest first; one for each process.</summary>
    public IReadOnlyList<TRecord> Read(Func<TRecord, bool> isWanted) =>
        !Directory.Exists(_directory)
            ? []
            :
            [
                .. Directory.EnumerateFiles(_directory, "*.json")
                    .Order(StringComparer.Ordinal)
                    .Select(file => JsonSerializer.Deserialize<TRecord>(File.ReadAllText(file))!)
                    .Where(isWanted),
            ];
}
