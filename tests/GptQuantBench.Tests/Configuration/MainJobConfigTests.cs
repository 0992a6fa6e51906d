using BenchmarkDotNet.Loggers;
using GptQuantBench.Configuration;

namespace GptQuantBench.Tests.Configuration;

public sealed class MainJobConfigTests
{
    /// <summary>What docs/measurement.md says of the decode paths of the baseline, where no option changes it.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ADecodePathIsMeasuredTenTimesAfterTwo(bool inProcess)
    {
        var config = MainJobConfig.CreateSweep(Iterations.Sweep, inProcess, "artifacts", progress: null, NullLogger.Instance);
        var job = Assert.Single(config.GetJobs());
        Assert.Equal((2, 10), (job.Run.WarmupCount, job.Run.IterationCount));
        // Beside a job that is not the default, --inProcess would run every case twice.
        Assert.True(job.Meta.IsDefault);
        Assert.Equal(inProcess, job.Infrastructure.Toolchain.IsInProcess);
    }
}
