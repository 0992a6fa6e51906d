using GptQuantBench.Benchmarks;

namespace GptQuantBench.Tests.Benchmarks;

public sealed class PhaseRecordStoreTests
{
    /// <summary>File times that run backwards are what a clock that is set back leaves.</summary>
    [Fact]
    public void RecordsKeepTheirOrderWhateverTheClockDoes()
    {
        using var folder = new TemporaryFolder();
        var store = new PhaseRecordStore(folder.FullName);
        for (var i = 0; i < 12; i++)
        {
            store.Write(new PhaseRecord { Model = "m", Format = "f", Phase = Phase.FirstToken, ColdFirstTokenMilliseconds = i });
            foreach (var file in Directory.GetFiles(folder.FullName))
            {
                File.SetLastWriteTimeUtc(file, DateTime.UnixEpoch.AddDays(1000 - i));
            }
        }

        Assert.Equal(Enumerable.Range(0, 12), store.Read("m", "f", Phase.FirstToken).Select(record => (int)record.ColdFirstTokenMilliseconds!));
    }

    [Fact]
    public void ProcessesAreKnownWhileTheyRunAPhase()
    {
        using var folder = new TemporaryFolder();
        var store = new PhaseRecordStore(folder.FullName);
        store.EnterProcess();
        Assert.Equal([Environment.ProcessId], store.Processes());
        store.LeaveProcess();
        Assert.Empty(store.Processes());
    }
}
