using GptQuantBench.Cuda.Native.CuBlas;
using GptQuantBench.Cuda.Native.Driver;
using GptQuantBench.Cuda.Native.Nvml;

namespace GptQuantBench.Cuda.Tests.Native;

public sealed class DriverErrorTests
{
    [Theory]
    [InlineData("MemoryNative.cuMemFree_v2(address)", "cuMemFree_v2")]
    [InlineData("CopyNative.cuMemsetD8Async(a.Address, F(b), c, stream.Handle)", "cuMemsetD8Async")]
    [InlineData("cuInit(0)", "cuInit")]
    [InlineData("&NvmlNative.nvmlDeviceGetPowerUsage", "nvmlDeviceGetPowerUsage")]
    public void The_native_name_is_taken_out_of_the_call(string expression, string name) =>
        Assert.Equal(name, DriverError.CallName(expression));

    [Fact]
    public void A_failure_names_the_call_and_has_the_drivers_words()
    {
        CudaException error = DriverError.Create(CudaResult.InvalidValue, "cuMemAlloc_v2", "CUDA_ERROR_INVALID_VALUE (invalid argument)");

        Assert.Equal("cuMemAlloc_v2 failed with CUDA_ERROR_INVALID_VALUE (invalid argument).", error.Message);
        Assert.Equal("cuMemAlloc_v2", error.Call);
        Assert.Equal(CudaResult.InvalidValue, error.Result);
        Assert.False(error.IsContextLost);
    }

    [Theory]
    [InlineData(CudaResult.IllegalAddress)]
    [InlineData(CudaResult.LaunchFailed)]
    [InlineData(CudaResult.MisalignedAddress)]
    [InlineData(CudaResult.LaunchTimeout)]
    public void A_fault_says_that_the_process_is_lost(CudaResult fault)
    {
        CudaException error = DriverError.Create(fault, "cuStreamSynchronize", "CUDA_ERROR_X (x)");

        Assert.True(error.IsContextLost);
        Assert.StartsWith("cuStreamSynchronize reports a fault on the GPU: CUDA_ERROR_X (x);", error.Message, StringComparison.Ordinal);
        Assert.Contains("in a new one", error.Message, StringComparison.Ordinal);
        Sentences.AssertOne(error.Message);
    }

    [Fact]
    public void Success_does_not_throw() => DriverError.Check(CudaResult.Success);

    [Fact]
    public void Out_of_memory_says_what_was_asked_and_what_was_free()
    {
        string message = CudaDeviceAllocator.OutOfMemoryMessage(
            12_345_678_901, new CudaMemoryInfo(1_000_000, 85_000_000_000), "NVIDIA H100", "CUDA_ERROR_OUT_OF_MEMORY (out of memory)");

        Assert.Contains("12,345,678,901 bytes were asked for", message, StringComparison.Ordinal);
        Assert.Contains("only 1,000,000 of 85,000,000,000 are free on NVIDIA H100, so end", message, StringComparison.Ordinal);
        Sentences.AssertOne(message);
    }

    [Fact]
    public void Out_of_memory_with_enough_left_says_that_it_lies_in_pieces()
    {
        string message = CudaDeviceAllocator.OutOfMemoryMessage(
            4_718_592, new CudaMemoryInfo(6_488_064, 85_000_000_000), "NVIDIA H100", "CUDA_ERROR_OUT_OF_MEMORY (out of memory)");

        Assert.Contains("only 6,488,064 of 85,000,000,000 are free on NVIDIA H100, not in pieces that serve, so end", message, StringComparison.Ordinal);
        Sentences.AssertOne(message);
    }

    [Fact]
    public void A_rejected_module_has_the_first_line_of_the_compilers_log()
    {
        string message = CudaModule.JitMessage(
            "decode.ptx",
            CudaResult.InvalidPtx,
            "CUDA_ERROR_INVALID_PTX (a PTX JIT compilation failed)",
            "\nptxas application ptx input, line 9; fatal   : Parsing error near 'bad': syntax error\nptxas fatal   : aborted\n");

        Assert.Equal(
            "cuModuleLoadDataEx could not compile decode.ptx for this device, CUDA_ERROR_INVALID_PTX (a PTX JIT compilation failed): "
            + "ptxas application ptx input, line 9; fatal   : Parsing error near 'bad': syntax error.",
            message);
        Assert.Equal("cuModuleLoadDataEx could not compile a for this device, b.", CudaModule.JitMessage("a", CudaResult.InvalidPtx, "b", ""));
        Assert.EndsWith("b, so update the NVIDIA driver.", CudaModule.JitMessage("a", CudaResult.UnsupportedPtxVersion, "b", ""), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(CuBlasStatus.NotSupported, CudaResult.Unknown, "install a cuBLAS")]
    [InlineData(CuBlasStatus.AllocationFailed, CudaResult.OutOfMemory, "free memory")]
    public void A_failure_of_cuBLAS_says_what_to_do(CuBlasStatus status, CudaResult result, string advice)
    {
        CuBlasException error = CuBlasError.Create(status, "cublasGemmEx", "CUBLAS_STATUS_X (x)", " for m 1, n 2, k 3");

        Assert.StartsWith("cublasGemmEx failed with CUBLAS_STATUS_X (x) for m 1, n 2, k 3", error.Message, StringComparison.Ordinal);
        Assert.Contains(advice, error.Message, StringComparison.Ordinal);
        Assert.Equal(status, error.Status);
        Assert.Equal(result, error.Result);
        Sentences.AssertOne(error.Message);
    }

    [Fact]
    public void A_failure_of_NVML_names_the_call_and_has_its_words()
    {
        NvmlException error = NvmlError.Create(
            NvmlReturn.LibraryVersionMismatch, "nvmlInit_v2", "RM has detected an NVML/RM version mismatch");

        Assert.StartsWith("nvmlInit_v2 failed with NVML's status 18 (RM has", error.Message, StringComparison.Ordinal);
        Assert.Contains("restart the machine", error.Message, StringComparison.Ordinal);
        Assert.Equal(NvmlReturn.LibraryVersionMismatch, error.NvmlResult);
        Sentences.AssertOne(error.Message);
    }

    [Theory]
    [InlineData(NvmlReturn.NotSupported, true)]
    [InlineData(NvmlReturn.NoPermission, true)]
    [InlineData(NvmlReturn.Success, false)]
    [InlineData(NvmlReturn.GpuIsLost, false)]
    public void What_a_device_does_not_tell_is_no_error(NvmlReturn result, bool absent) => Assert.Equal(absent, NvmlError.IsAbsent(result));
}
