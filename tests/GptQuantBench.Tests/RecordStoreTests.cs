using GptQuantBench.Benchmarks;
using GptQuantBench.Benchmarks.Sweeps;

namespace GptQuantBench.Tests;

public sealed class RecordStoreTests
{
    /// <summary>File times that run backwards are what a clock that is set back leaves.</summary>
    [Fact]
    public void RecordsKeepTheirOrderWhateverTheClockDoes()
    {
        using var folder = new TemporaryFolder();
        var store = new RecordStore<SweepRecord>(folder.FullName);
        for (var i = 0; i < 12; i++)
        {
            store.Write(new SweepRecord { Sweep = "s", Model = "m", Format = "f", PromptTokens = i });
            foreach (var file in Directory.GetFiles(folder.FullName, "*", SearchOption.AllDirectories))
            {
                File.SetLastWriteTimeUtc(file, DateTime.UnixEpoch.AddDays(1000 - i));
            }
        }

        Assert.Equal(Enumerable.Range(0, 12), store.Read(_ => true).Select(record => record.PromptTokens!.Value));
    }
}
