using GptQuantBench.Cuda.Native.Driver;

namespace GptQuantBench.Cuda.Tests.Native;

public sealed class DriverStartTests
{
    private readonly FakeDriver _driver = new();
    private readonly DriverStart _start;

    public DriverStartTests() => _start = new DriverStart(_driver);

    [Fact]
    public void A_good_driver_starts_once()
    {
        Assert.Null(_start.Try());
        Assert.Null(_start.Try());
        Assert.Equal(new CudaVersion(13, 0), _start.Version);
        Assert.Equal(2, _start.DeviceCount);
        Assert.Equal(1, _driver.InitCalls);
    }

    [Fact]
    public void A_missing_library_is_the_reason()
    {
        _driver.Missing = new CudaLibraryException("There is none.");

        Assert.Same(_driver.Missing, _start.Try());
        Assert.Equal(0, _start.DeviceCount);
    }

    [Theory]
    [InlineData(CudaResult.NoDevice, "CUDA_VISIBLE_DEVICES")]
    [InlineData(CudaResult.StubLibrary, "stubs folder")]
    [InlineData(CudaResult.SystemDriverMismatch, "restart the machine")]
    [InlineData(CudaResult.Unknown, "nvidia-smi")]
    public void A_driver_that_does_not_start_says_why_and_what_to_do(CudaResult result, string advice)
    {
        _driver.InitResult = result;

        CudaException error = Assert.IsType<CudaException>(_start.Try());

        Assert.Equal("cuInit", error.Call);
        Assert.Equal(result, error.Result);
        Assert.Contains($"cuInit failed with CUDA_ERROR_{(int)result} (words)", error.Message, StringComparison.Ordinal);
        Assert.Contains(advice, error.Message, StringComparison.Ordinal);
        Sentences.AssertOne(error.Message);
    }

    [Fact]
    public void A_driver_older_than_any_call_needs_is_named_with_both_versions()
    {
        _driver.Version = 11020;

        CudaLibraryException error = Assert.IsType<CudaLibraryException>(_start.Try());

        Assert.Equal("The NVIDIA driver supports CUDA 11.2 at most, but 11.4 is needed, so update the driver.", error.Message);
    }

    [Fact]
    public void No_visible_device_is_no_usable_driver()
    {
        _driver.DeviceCount = 0;

        Assert.Equal(CudaResult.NoDevice, Assert.IsType<CudaException>(_start.Try()).Result);
    }

    [Fact]
    public void A_failed_start_is_tried_again()
    {
        _driver.InitResult = CudaResult.NoDevice;
        Assert.NotNull(_start.Try());

        _driver.InitResult = CudaResult.Success;

        Assert.Null(_start.Try());
    }
}
