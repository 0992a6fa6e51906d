using GptQuantBench.Cuda;

namespace GptQuantBench.Gpu.Tests;

public sealed class FaultTests
{
    [Fact]
    public void A_fault_names_the_call_ruins_its_own_process_and_no_other()
    {
        CudaContext context = Gpu.Require();

        Dictionary<string, string> printed = ChildProcess.Run(ChildScenarios.Fault);

        const string Words = "CUDA_ERROR_ILLEGAL_ADDRESS (an illegal memory access was encountered)";
        Assert.StartsWith($"True cuStreamSynchronize reports a fault on the GPU: {Words};", printed["first"], StringComparison.Ordinal);
        Assert.StartsWith($"True cuMemcpyDtoH_v2 reports a fault on the GPU: {Words};", printed["second"], StringComparison.Ordinal);
        Assert.Equal("1,2,3", ChildProcess.Run(ChildScenarios.Clean)["content"]);
        using CudaDeviceVariable<int> memory = new(context, 1);
        memory.CopyToDevice([5]);
        Assert.Equal([5], memory.ToArray());
    }
}
