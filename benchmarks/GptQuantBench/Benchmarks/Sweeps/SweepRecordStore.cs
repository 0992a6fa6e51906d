using System.Text.Json;

namespace GptQuantBench.Benchmarks.Sweeps;

/// <summary>Sweep records on disk, one file for each process, beside the phase records.</summary>
internal sealed class SweepRecordStore(string recordDirectory)
{
    private readonly string _directory = Path.Combine(recordDirectory, "sweeps");

    /// <summary>Writes a record; the file appears complete or not at all.</summary>
    public void Write(SweepRecord record)
    {
        Directory.CreateDirectory(_directory);
        // Counted and not dated, as phase records are.
        var path = Path.Combine(_directory, $"{Directory.EnumerateFiles(_directory, "*.json").Count():D6}-{Guid.NewGuid():N}");
        File.WriteAllText(path + ".tmp", JsonSerializer.Serialize(record));
        File.Move(path + ".tmp", path + ".json");
    }

    /// <summary>All records of a sweep over a case, oldest first; one for each process that ran it.</summary>
    public IReadOnlyList<SweepRecord> Read(string sweep, string model, string format) =>
        !Directory.Exists(_directory)
            ? []
            :
            [
                .. Directory.EnumerateFiles(_directory, "*.json")
                    .Order(StringComparer.Ordinal)
                    .Select(file => JsonSerializer.Deserialize<SweepRecord>(File.ReadAllText(file))!)
                    .Where(record => record.Sweep == sweep && record.Model == model && record.Format == format),
            ];
}
