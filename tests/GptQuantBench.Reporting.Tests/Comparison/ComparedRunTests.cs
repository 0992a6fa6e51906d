using System.Text;
using GptQuantBench.Reporting.Comparison;
using GptQuantBench.Reporting.Json;
using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Tests.Support;

namespace GptQuantBench.Reporting.Tests.Comparison;

/// <summary>What a comparison says of the two runs, beside its verdicts.</summary>
public sealed class ComparedRunTests
{
    private static readonly RunReport _full = SampleReports.Full();

    [Fact]
    public void ARunIsToldByItsTimeVersionCommitAndDevice()
    {
        ComparedRun run = ComparedRun.Of(_full);
        Assert.Equal(
            (_full.Metadata.StartedAt, "0.1.0", "0123abc", "Example GPU"), (run.StartedAt, run.ToolVersion, run.Commit, run.Device));
        Assert.Equal("Example GPU", ComparedRun.Of(_full with { Results = [_full.Results[0] with { Device = "Other" }] }).Device);
    }

    [Fact]
    public void WithoutAGpuTheDeviceIsThatOfTheFirstCaseThatNamesOne() => Assert.Equal("Example CPU", ComparedRun.Of(new RunReport
    {
        Metadata = new RunMetadata(),
        Results = [_full.Results[0] with { Device = null }, _full.Results[1] with { Device = "Example CPU" }, _full.Results[2] with { Device = "Other" }],
    }).Device);

    public static TheoryData<string, Func<RunMetadata, RunMetadata>> Conditions => new()
    {
        { "GPU differs: Example GPU, now unknown.", metadata => metadata with { Gpu = null } },
        { "GPU memory (GB) differs: 85, now 80.5.", metadata => metadata with { TotalVramGb = 80.5 } },
        { "Driver differs: 580.1, now 581.0.", metadata => metadata with { Driver = "581.0" } },
        { "CUDA differs: 13.0, now 13.1.", metadata => metadata with { CudaVersion = "13.1" } },
        { "SM clock (MHz) differs: 1980, now 1410.", metadata => metadata with { Clocks = metadata.Clocks! with { SmMhz = 1410 } } },
        { "Memory clock (MHz) differs: 2619, now 1593.", metadata => metadata with { Clocks = metadata.Clocks! with { MemoryMhz = 1593 } } },
        { "Highest SM clock (MHz) differs: 1980, now 1755.", metadata => metadata with { Clocks = metadata.Clocks! with { MaxSmMhz = 1755 } } },
        { "Highest memory clock (MHz) differs: 2619, now 1593.", metadata => metadata with { Clocks = metadata.Clocks! with { MaxMemoryMhz = 1593 } } },
        { "CPU differs: Example CPU, now Other.", metadata => metadata with { Host = metadata.Host! with { Cpu = "Other" } } },
        { "Cores differs: 16, now 8.", metadata => metadata with { Host = metadata.Host! with { Cores = 8 } } },
        { "Main memory (GB) differs: 128, now 64.", metadata => metadata with { Host = metadata.Host! with { RamGb = 64 } } },
        { "Operating system differs: Example OS 1, now Example OS 2.", metadata => metadata with { Host = metadata.Host! with { Os = "Example OS 2" } } },
        { "Runtime differs: .NET 10.0.1, now .NET 10.0.2.", metadata => metadata with { Host = metadata.Host! with { Runtime = ".NET 10.0.2" } } },
        { "Processes differs: OutOfProcess, now InProcess.", metadata => metadata with { Toolchain = ToolchainKind.InProcess } },
    };

    [Theory]
    [MemberData(nameof(Conditions))]
    public void EachConditionThatDiffersIsOneSentenceAndNoOtherIs(string sentence, Func<RunMetadata, RunMetadata> change) =>
        Assert.Equal([sentence], ConditionDifferences.Of(_full.Metadata, change(_full.Metadata)));

    public static TheoryData<string, Func<CaseResult, CaseResult>> OtherWork => new()
    {
        { "format: fp16, int4-g64-asym", row => row with { Format = "int4-g64-asym" } },
        { "backend: cuda, cpu", row => row with { Backend = "cpu" } },
        { "decode: persistent, eager", row => row with { Decode = "eager" } },
        { "prompt ids: 464 2003 286 9552 318, 464 2003 286 9552 319", row => row with { PromptIds = [464, 2003, 286, 9552, 319] } },
        { "prompt: The future of AI is, Once upon a time", row => row with { PromptIds = null, Prompt = "Once upon a time" } },
        { "prompt tokens: 5, 6", row => row with { PromptTokens = 6 } },
        { "new tokens: 50, 51", row => row with { NumTokensGenerated = 51 } },
        { "batch size: 1, 2", row => row with { BatchSize = 2 } },
        // More than 24 characters are cut to 21.
        { "weights: 0123456789abcdef01234..., 000000000000000000000...", row => row with { WeightsSha256 = new string('0', 64) } },
    };

    [Theory]
    [MemberData(nameof(OtherWork))]
    public void OtherWorkIsOnePhrase(string phrase, Func<CaseResult, CaseResult> change) =>
        Assert.Equal([phrase], new CasePair(_full.Results[0], change(_full.Results[0])).Differences);

    [Fact]
    public void WhatARowDoesNotSayDiffersInNothing()
    {
        CaseResult row = _full.Results[0];
        var silent = new CaseResult { ModelName = row.ModelName, Quantization = row.Quantization, Success = true };
        Assert.Empty(new CasePair(row, silent).Differences);
        Assert.Empty(new CasePair(silent, row).Differences);
        // The same ids from another text are the same work.
        Assert.Empty(new CasePair(row, row with { Prompt = "Another text" }).Differences);
        Assert.Equal(["prompt: The future of AI is, Another text"], new CasePair(row with { PromptIds = null }, row with { Prompt = "Another text" }).Differences);
    }

    [Fact]
    public void TheJsonIsIndentedTextThatPeopleCanRead()
    {
        RunReport named = _full with { Results = [_full.Results[0] with { ModelName = "größer <1>" }] };
        string text = Encoding.UTF8.GetString(ComparisonJson.Serialize(ReportComparer.Compare(named, named, new ComparisonOptions())));
        Assert.StartsWith("{\n  \"base\": {\n", text, StringComparison.Ordinal);
        Assert.EndsWith("}\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\r', text);
        Assert.Contains("\"model_name\": \"größer <1>\"", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("null", "null")]
    [InlineData("{\"base\": {}, \"new\": {}, \"threshold\": 0.03, \"cases\": [null]}", "null at $.cases[0]")]
    public void WhatIsNoComparisonSaysWhatIsExpectedAndWhy(string content, string reason)
    {
        using var folder = new TemporaryFolder();
        string path = folder.FileNamed("comparison.json");
        File.WriteAllText(path, content);
        ReportFormatException exception = Assert.Throws<ReportFormatException>(() => ComparisonJson.Read(path));
        Assert.Equal(
            $"Comparison '{path}' cannot be read: expected the output of compare --format json over two runs of the same build; give such a file.",
            exception.Message);
        Assert.Equal(reason, exception.InnerException!.Message);
    }

    [Fact]
    public void ListsThatTheJsonLeavesOutAreEmpty()
    {
        using var folder = new TemporaryFolder();
        string path = folder.FileNamed("comparison.json");
        File.WriteAllText(path, "{\"base\": {}, \"new\": {}, \"threshold\": 0.03, \"cases\": [{\"model_name\": \"m\", \"quantization\": \"FP16\"}]}");
        ReportComparison read = ComparisonJson.Read(path);
        Assert.Empty(read.Warnings);
        Assert.Empty(read.Cases[0].Metrics);
        Assert.Empty(read.Cases[0].NotComparable);
        Assert.False(read.IsRegression);
    }
}
