using GptQuantBench.Reporting.Json;
using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Tests.Support;

namespace GptQuantBench.Reporting.Tests.Json;

public sealed class ReportFileWriteTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<int> Samples => [0, 1, 2];

    [Theory, MemberData(nameof(Samples))]
    public void WhatWasWrittenIsRead(int sample)
    {
        RunReport report = new[] { SampleReports.Full(), SampleReports.Minimal(), SampleReports.Awkward() }[sample];
        string path = _folder.FileNamed("new", "folder", "report.json");

        ReportFile.Write(path, report);

        Assert.Equal(ReportJson.Serialize(report), ReportJson.Serialize(ReportFile.Read(path)));
        Assert.Equal(["report.json"], _folder.Files());
    }

    [Fact]
    public void ProcessThatDiesBeforeTheRenameLeavesTheOldReport()
    {
        string path = _folder.FileNamed("report.json");
        ReportFile.Write(path, SampleReports.Minimal());

        AtomicFile.Prepare(path, ReportJson.Serialize(SampleReports.Full()));

        Assert.Single(ReportFile.Read(path).Results);
        Assert.Equal(["report.json", "report.json.tmp"], _folder.Files());

        ReportFile.Write(path, SampleReports.Full());

        Assert.Equal(6, ReportFile.Read(path).Results.Count);
        Assert.Equal(["report.json"], _folder.Files());
    }

    [Fact]
    public async Task ReadersSeeAWholeReportWhileOthersWrite()
    {
        string path = _folder.FileNamed("report.json");
        RunReport[] versions = [SampleReports.Full(), SampleReports.Minimal()];
        ReportFile.Write(path, versions[0]);
        using var stop = new CancellationTokenSource();
        Task<int>[] readers = [.. Enumerable.Range(0, 3).Select(_ => Task.Run(() => CountReads(path, stop.Token)))];

        await Task.WhenAll(Enumerable.Range(0, 2).Select(writer => Task.Run(() =>
        {
            for (int round = 0; round < 20; round++)
            {
                ReportFile.Write(path, versions[(round + writer) % 2]);
            }
        })));
        await stop.CancelAsync();

        Assert.All(await Task.WhenAll(readers), reads => Assert.True(reads > 0));
    }

    [Fact]
    public void FolderThatIsAFileIsOneClearSentence()
    {
        string file = _folder.FileNamed("file");
        File.WriteAllText(file, "");
        AssertSentence(Path.Combine(file, "report.json"));
    }

    [Fact]
    public void ReportThatIsAFolderIsOneClearSentence()
    {
        string path = _folder.FileNamed("report.json");
        Directory.CreateDirectory(path);
        AssertSentence(path);
    }

    [Fact]
    public void LinesEndInLineFeedsAndTheLastOneToo()
    {
        byte[] json = ReportJson.Serialize(SampleReports.Full());
        Assert.DoesNotContain((byte)'\r', json);
        Assert.Equal((byte)'\n', json[^1]);
        Assert.NotEqual((byte)0xEF, json[0]);
    }

    public void Dispose() => _folder.Dispose();

    private static int CountReads(string path, CancellationToken stop)
    {
        int reads = 0;
        do
        {
            Assert.Contains(ReportFile.Read(path).Results.Count, (int[])[1, 6]);
            reads++;
        }
        while (!stop.IsCancellationRequested);
        return reads;
    }

    private static void AssertSentence(string path)
    {
        string message = Assert.Throws<IOException>(() => ReportFile.Write(path, SampleReports.Minimal())).Message;
        Assert.StartsWith($"Report '{path}' cannot be written", message, StringComparison.Ordinal);
        Assert.EndsWith(".", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }
}
