namespace GptQuantBench.Cuda.Tests;

public sealed class CudaVersionTests
{
    [Theory]
    [InlineData(13000, "13.0")]
    [InlineData(12080, "12.8")]
    [InlineData(11040, "11.4")]
    [InlineData(10020, "10.2")]
    [InlineData(0, "0.0")]
    public void The_drivers_number_is_read(int number, string version) => Assert.Equal(version, CudaVersion.FromNumber(number).ToString());

    [Fact]
    public void A_negative_number_is_no_version() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => CudaVersion.FromNumber(-1));

    [Fact]
    public void Versions_are_ordered_by_number_and_not_by_text()
    {
        Assert.True(new CudaVersion(9, 2) < new CudaVersion(12, 0));
        Assert.True(new CudaVersion(12, 10) > new CudaVersion(12, 8));
        Assert.True(new CudaVersion(12, 0) >= new CudaVersion(12, 0));
        Assert.True(new CudaVersion(12, 0) <= new CudaVersion(12, 0));
    }

    [Fact]
    public void A_compute_capability_names_its_architecture()
    {
        Assert.Equal(90, new ComputeCapability(9, 0).Sm);
        Assert.Equal(120, new ComputeCapability(12, 0).Sm);
        Assert.Equal("8.6", new ComputeCapability(8, 6).ToString());
    }
}
