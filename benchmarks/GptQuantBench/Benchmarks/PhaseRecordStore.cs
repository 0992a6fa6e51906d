using System.Text.Json;

namespace GptQuantBench.Benchmarks;

/// <summary>
/// Phase records on disk, one file for each process of a phase. A file works in process and out of process, is complete before the
/// process ends, and survives a process that dies.
/// </summary>
public sealed class PhaseRecordStore(string directory)
{
    /// <summary>Writes a record; the file appears complete or not at all.</summary>
    public void Write(PhaseRecord record)
    {
        var path = Path.Combine(directory, $"{DateTime.UtcNow.Ticks:D20}-{Guid.NewGuid():N}");
        File.WriteAllText(path + ".tmp", JsonSerializer.Serialize(record));
        File.Move(path + ".tmp", path + ".json");
    }

    /// <summary>All records of a phase of a case, oldest first; one for each process that ran it.</summary>
    public IReadOnlyList<PhaseRecord> Read(string model, string format, Phase phase) =>
        [.. All().Where(record => record.Model == model && record.Format == format && record.Phase == phase)];

    /// <summary>Why a case failed earlier, or null.</summary>
    public string? EarlierError(string model, string format) =>
        All().FirstOrDefault(record => record.Model == model && record.Format == format && record.Error is not null)?.Error;

    private IEnumerable<PhaseRecord> All() =>
        Directory.EnumerateFiles(directory, "*.json")
            .Order(StringComparer.Ordinal)
            .Select(file => JsonSerializer.Deserialize<PhaseRecord>(File.ReadAllText(file))!);
}
