using GptQuantBench.Cuda;

namespace GptQuantBench.Gpu.Tests;

public sealed class ModuleTests
{
    [Fact]
    public void A_module_has_kernels_and_variables()
    {
        CudaContext context = Gpu.Require();
        using CudaModule module = new(context, Ptx.Baseline, nameof(Ptx.Baseline));
        CudaKernel kernel = module.GetKernel("vector_add");
        CudaDevicePointer answer = module.GetGlobal("answer", out long byteCount);
        int[] value = new int[1];
        CudaMemory.CopyToHost<int>(value, answer);

        Assert.Equal(4, byteCount);
        Assert.Equal(42, value[0]);
        Assert.True(module.JitTime > TimeSpan.Zero);
        Assert.InRange(module.CompileTime, TimeSpan.Zero, module.JitTime + TimeSpan.FromMilliseconds(1));
        Assert.InRange(kernel.RegisterCount, 4, 32);
        Assert.Equal(0, kernel.LocalBytes);
        Assert.Equal(0, kernel.StaticSharedBytes);
        Assert.Equal(1024, kernel.MaxThreadsPerBlock);
        Assert.Equal(context.Device.ComputeCapability.Sm, kernel.GetAttribute(CudaFunctionAttribute.BinaryVersion));
        Assert.Equal(
            context.Device.GetAttribute(CudaDeviceAttribute.MaxThreadsPerMultiprocessor) / 1024,
            kernel.GetMaxActiveBlocksPerMultiprocessor(1024));
    }

    [Fact]
    public void A_limit_on_registers_is_kept()
    {
        CudaContext context = Gpu.Require();
        byte[] ptx = Ptx.ManyRegisters(96);
        using CudaModule free = new(context, ptx, "free");
        using CudaModule limited = new(context, ptx, "limited", new JitOptions(MaxRegisters: 32, GenerateLineInfo: true));

        Assert.InRange(free.GetKernel("reverse").RegisterCount, 96, 255);
        Assert.InRange(limited.GetKernel("reverse").RegisterCount, 16, 32);
        Assert.InRange(limited.GetKernel("reverse").LocalBytes, 4, 1024);
    }

    [Fact]
    public void Broken_PTX_gives_the_compilers_words()
    {
        CudaContext context = Gpu.Require();

        CudaJitException error = Assert.Throws<CudaJitException>(() => new CudaModule(context, Ptx.Broken, "broken.ptx"));

        TestContext.Current.SendDiagnosticMessage(error.Message);
        Assert.Equal(CudaResult.InvalidPtx, error.Result);
        Assert.Contains("ptxas", error.ErrorLog, StringComparison.Ordinal);
        Assert.StartsWith(
            "cuModuleLoadDataEx could not compile broken.ptx for this device, CUDA_ERROR_INVALID_PTX (",
            error.Message,
            StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void PTX_newer_than_the_driver_is_told_from_broken_PTX()
    {
        CudaContext context = Gpu.Require();

        CudaJitException error = Assert.Throws<CudaJitException>(() => new CudaModule(context, Ptx.FromTheFuture, "future.ptx"));

        Assert.Equal(CudaResult.UnsupportedPtxVersion, error.Result);
    }

    [Fact]
    public void A_name_that_the_module_lacks_is_named()
    {
        CudaContext context = Gpu.Require();
        using CudaModule module = new(context, Ptx.Baseline, "small.ptx");

        CudaException error = Assert.Throws<CudaException>(() => module.GetKernel("nobody"));

        Assert.Equal(
            "cuModuleGetFunction finds no nobody in the module small.ptx, so make its PTX from the matching source.", error.Message);
        Assert.Throws<CudaException>(() => module.GetGlobal("nobody", out _));
    }

    [Fact]
    public void A_kernel_of_an_unloaded_module_is_not_launched()
    {
        CudaContext context = Gpu.Require();
        using CudaStream stream = new(context);
        CudaModule module = new(context, Ptx.Baseline, nameof(Ptx.Baseline));
        CudaKernel kernel = module.GetKernel("write_at");
        module.Dispose();

        Assert.Throws<ObjectDisposedException>(() => kernel.Launch(stream, new LaunchShape(1, 1), CudaDevicePointer.Null));
    }
}
