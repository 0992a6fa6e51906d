using System.Globalization;
using System.Text.Json;

namespace GptQuantBench.Benchmarks;

/// <summary>
/// Phase records on disk, one file for each process of a phase. A file works in process and out of process, is complete before the
/// process ends, and survives a process that dies.
/// </summary>
public sealed class PhaseRecordStore(string directory)
{
    private const string ProcessExtension = ".process";

    /// <summary>Writes a record; the file appears complete or not at all.</summary>
    public void Write(PhaseRecord record)
    {
        // Counted and not dated, because clocks jump; phases run one after the other.
        var path = Path.Combine(directory, $"{Directory.EnumerateFiles(directory, "*.json").Count():D6}-{Guid.NewGuid():N}");
        File.WriteAllText(path + ".tmp", JsonSerializer.Serialize(record));
        File.Move(path + ".tmp", path + ".json");
    }

    /// <summary>All records of a phase of a case, oldest first; one for each process that ran it.</summary>
    public IReadOnlyList<PhaseRecord> Read(string model, string format, Phase phase) =>
        [.. All().Where(record => record.Model == model && record.Format == format && record.Phase == phase)];

    /// <summary>Why a case failed earlier, or null.</summary>
    public string? EarlierError(string model, string format) =>
        All().FirstOrDefault(record => record.Model == model && record.Format == format && record.Error is not null)?.Error;

    /// <summary>Says that this process runs a phase, for whoever must end it.</summary>
    public void EnterProcess() => File.WriteAllText(ProcessFile(Environment.ProcessId), "");

    /// <summary>Says that this process is done with its phase.</summary>
    public void LeaveProcess() => File.Delete(ProcessFile(Environment.ProcessId));

    /// <summary>Ids of the processes that run a phase now, or died in one.</summary>
    public IReadOnlyList<int> Processes() =>
    [
        .. Directory.EnumerateFiles(directory, "*" + ProcessExtension)
            .Select(file => int.Parse(Path.GetFileNameWithoutExtension(file), CultureInfo.InvariantCulture)),
    ];

    /// <summary>Forgets a process that died.</summary>
    public void Forget(int process) => File.Delete(ProcessFile(process));

    private string ProcessFile(int process) => Path.Combine(directory, process.ToString(CultureInfo.InvariantCulture) + ProcessExtension);

    private IEnumerable<PhaseRecord> All() =>
        Directory.EnumerateFiles(directory, "*.json")
            .Order(StringComparer.Ordinal)
            .Select(file => JsonSerializer.Deserialize<PhaseRecord>(File.ReadAllText(file))!);
}
