using GptQuantBench.Cuda;

namespace GptQuantBench.Gpu.Tests.Backends;

/// <summary>Kernels that fault on the device: the process knows that it has lost the device, one launch at a time the kernel is named.</summary>
public sealed class KernelFaultTests
{
    [Theory]
    [InlineData("weights_int8", "advance_step", "graph", "trap")]
    [InlineData("weights_int8", "linear_norm_gelu", "graph", "write")]
    [InlineData("attention", "attention_partial", "graph", "write")]
    [InlineData("sample", "sample_choose", "eager", "trap")]
    [InlineData("rows", "gelu_rows", "eager", "write")]
    [InlineData("quantize", "pack_int8", "graph", "trap")]
    public void A_fault_is_known_and_one_launch_at_a_time_named(string module, string kernel, string decode, string fault)
    {
        CudaContext context = Gpu.Require();

        Dictionary<string, string> fast = ChildProcess.Run(FaultScenario.Name(module, kernel, decode, fault, launchByLaunch: false));
        Assert.Contains("reports a fault on the GPU: CUDA_ERROR_", fast["error"], StringComparison.Ordinal);
        Assert.Equal("True", fast["fault"]);
        Assert.Equal("", fast["kernel"]);

        Dictionary<string, string> named = ChildProcess.Run(FaultScenario.Name(module, kernel, decode, fault, launchByLaunch: true));
        Assert.StartsWith($"The kernel {kernel} faulted on the GPU: cuStreamSynchronize failed with CUDA_ERROR_", named["error"], StringComparison.Ordinal);
        Assert.Equal(kernel, named["kernel"]);

        // Another process, this one, has lost nothing.
        using CudaDeviceVariable<int> memory = new(context, 1);
        memory.CopyToDevice([5]);
        Assert.Equal([5], memory.ToArray());
    }

    [Theory]
    [InlineData("weights_fp16.sm_90.ptx", "linear_norm_logits")]
    [InlineData("rows.sm_80.ptx", "set_state")]
    public void The_fault_is_the_kernels_first_instruction(string file, string kernel)
    {
        string embedded = FaultyPtx.Embedded(file);
        string faulty = FaultyPtx.Insert(embedded, kernel, FaultyPtx.Trap);
        Assert.Equal(embedded, faulty.Replace("\ttrap;\n", "", StringComparison.Ordinal));
        string body = faulty[faulty.IndexOf($".entry {kernel}(", StringComparison.Ordinal)..];
        Assert.Matches(@"^\s*(\.reg[^\n]*\s+|//[^\n]*\s+|\.shared[^\n]*\s+)+trap;", body[(body.IndexOf("\n{\n", StringComparison.Ordinal) + 3)..]);
    }
}
