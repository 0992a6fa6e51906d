using GptQuantBench.Reporting.Comparison;
using GptQuantBench.Reporting.Markdown;
using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Terminal;
using GptQuantBench.Reporting.Tests.Support;
using Spectre.Console;
using Spectre.Console.Testing;

namespace GptQuantBench.Reporting.Tests.Comparison;

public sealed class ComparisonPagesTests
{
    private static readonly ReportComparison _comparison = Example();

    [Fact]
    public void ConsoleFitsOneHundredColumnsWithoutBrokenRows()
    {
        string text = Rendered.Console(console => ConsoleComparison.Write(console, _comparison), 100);
        Assert.All(text.Split('\n'), line => Assert.InRange(line.Length, 0, 100));
        Assert.Single(text.Split('\n'), line => line.Contains("gpt2-medium 8-bit", StringComparison.Ordinal)
            && line.Contains("Throughput, tok/s", StringComparison.Ordinal) && line.EndsWith("slower", StringComparison.Ordinal));
        Assert.Contains("Regression: 3 worse", text, StringComparison.Ordinal);
        Assert.Contains("Warning: Driver differs: 580.1, now 581.0.", text, StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutAComparableCaseTheOutcomeSaysSo()
    {
        RunReport before = SampleReports.Full();
        RunReport after = before with { Results = [.. before.Results.Select(result => result with { Decode = "eager" })] };
        ReportComparison comparison = ReportComparer.Compare(before, after, new ComparisonOptions());
        Assert.Contains("No case could be compared.", comparison.Warnings);
        Assert.StartsWith("**Nothing compared", ComparisonMarkdown.Of(comparison), StringComparison.Ordinal);
    }

    [Fact]
    public void PlainTextHasNoEscapeSequence()
    {
        using var writer = new StringWriter();
        ConsoleComparison.Write(ReportConsole.Create(writer, isRedirected: true), _comparison);
        Assert.DoesNotContain('\u001b', writer.ToString());
    }

    [Theory]
    [InlineData(true, "\u001b[1;38;5;9mRegression: 3 worse")]
    [InlineData(false, "\u001b[1;38;5;2mNo ")]
    public void ARegressionIsRedAndNoneGreen(bool isRegression, string expected)
    {
        using var console = new TestConsole();
        console.Profile.Width = 200;
        console.Profile.Capabilities.ColorSystem = ColorSystem.EightBit;
        console.EmitAnsiSequences();
        RunReport run = SampleReports.Full();
        ConsoleComparison.Write(console, isRegression ? _comparison : ReportComparer.Compare(run, run, new ComparisonOptions()));
        Assert.Contains(expected, console.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void AComparisonThatCannotBeReadIsOneSentence()
    {
        using var folder = new TemporaryFolder();
        string path = folder.FileNamed("comparison.json");
        foreach (string content in new[] { "", "null", "[]", "{\"cases\": [null]}", "{\"base\": {\"commit\": \"\\ud800\"}}" })
        {
            File.WriteAllText(path, content);
            Assert.Equal(
                $"Comparison '{path}' cannot be read: expected the output of compare --format json over two runs of the same build; give such a file.",
                Assert.Throws<Reporting.Json.ReportFormatException>(() => ComparisonJson.Read(path)).Message);
        }

        File.WriteAllText(path, $"{{\"a\": \"{new string('a', 200_001)}\"}}");
        Assert.StartsWith($"Comparison '{path}' has a text of 200001 bytes", Assert.Throws<Reporting.Json.ReportFormatException>(() => ComparisonJson.Read(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MarkdownNamesReportDeviceCommitAndTimeAsFarAsTheyAreKnown()
    {
        ComparedRun run = new() { Report = "folder/a.json", Device = "A GPU", Commit = "abc", StartedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero) };
        string text = ComparisonMarkdown.Of(_comparison with { Base = run, New = run with { Report = null, Commit = null, StartedAt = null } });
        Assert.Contains("\n- Base: `a.json`, A GPU, commit abc, 2026-01-02 03:04:05 UTC\n- New: A GPU\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void MarkdownSaysTheOutcomeFirst()
    {
        string text = ComparisonMarkdown.Of(_comparison);
        Assert.StartsWith("**Regression: 3 worse", text, StringComparison.Ordinal);
        Assert.Contains("> Driver differs: 580.1, now 581.0.", text, StringComparison.Ordinal);
        Assert.Equal(3 + 2, text.Split('\n').Count(line => line.StartsWith("| ", StringComparison.Ordinal)));
    }

    [Fact]
    public void MarkdownIsAsCommitted() => Golden.Verify("comparison.verified.md", ComparisonMarkdown.Of(Example()));

    [Fact]
    public void ConsoleIsAsCommitted() =>
        Golden.Verify("comparison-100.verified.txt", Rendered.Console(console => ConsoleComparison.Write(console, Example()), 100));

    [Fact]
    public void ARunThatChangedInEverythingIsAsCommitted()
    {
        RunReport before = SampleReports.Full();
        RunReport after = before with
        {
            Metadata = before.Metadata with { StartedAt = before.Metadata.StartedAt!.Value.AddDays(1), Toolchain = ToolchainKind.InProcess, Smoke = null },
            Results =
            [
                before.Results[0] with
                {
                    MemoryGb = 0.25, WorkspaceBytes = 33_000_000, PeakBytes = null, GeneratedIds = [284, 788],
                    Quality = before.Results[0].Quality! with { Perplexity = 32 },
                },
                CaseFailure.Of(before.Results[1], "The disk is full."),
                before.Results[2] with { Decode = "eager", BatchSize = 2 },
                before.Results[4],
                before.Results[5] with { ModelName = "gpt2-large" },
            ],
        };
        ReportComparison comparison = ReportComparer.Compare(before, after, new ComparisonOptions());
        Golden.Verify("comparison-all-json.verified.txt", System.Text.Encoding.UTF8.GetString(ComparisonJson.Serialize(comparison)));
        Golden.Verify("comparison-all.verified.md", ComparisonMarkdown.Of(comparison));
        Golden.Verify("comparison-all-100.verified.txt", Rendered.Console(console => ConsoleComparison.Write(console, comparison), 100));
    }

    private static ReportComparison Example()
    {
        var noise = new Noise(8);
        RunReport Run(double slowdown, string driver)
        {
            RunReport run = RunSimulator.Run(1, 5, noise.Normal, 0.004, slowdown);
            return run with
            {
                Metadata = SampleReports.Metadata() with { Driver = driver, Smoke = null, Shard = null },
                Results = [run.Results[0] with { ModelName = "gpt2-medium", Quantization = "8-bit" }],
            };
        }

        return ReportComparer.Compare(Run(1, "580.1"), Run(1.1, "581.0"), new ComparisonOptions());
    }
}
