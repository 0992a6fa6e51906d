using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Tests.Records;

/// <summary>Readers hand over what a file has; a list or object that it has as null is an empty one for all who read on.</summary>
public sealed class NullListTests
{
    [Fact]
    public void NullIsEmpty()
    {
        var report = new RunReport { Metadata = null!, Results = null!, Sweeps = null!, Kernels = null! };
        Assert.Equal((0, 0, 0), (report.Results.Count, report.Sweeps.Count, report.Kernels.Count));
        Assert.Empty(report.Metadata.Notices);
        Assert.Empty(new RunMetadata { Notices = null! }.Notices);
        Assert.Empty(new EnergyRecord { ThrottleReasons = null! }.ThrottleReasons);
        var part = new RunPart { Metadata = null!, Results = null! };
        Assert.Empty(part.Results);
        Assert.Null(part.Metadata.Gpu);
    }
}
