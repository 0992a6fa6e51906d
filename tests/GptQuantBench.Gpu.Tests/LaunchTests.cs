using GptQuantBench.Cuda;

namespace GptQuantBench.Gpu.Tests;

public sealed class LaunchTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(100_003)]
    public void Vectors_are_added(int count)
    {
        CudaContext context = Gpu.Require();
        using CudaStream stream = new(context);
        using CudaModule module = new(context, Ptx.Baseline, nameof(Ptx.Baseline));
        using CudaDeviceVariable<float> a = new(context, count);
        using CudaDeviceVariable<float> b = new(context, count);
        using CudaDeviceVariable<float> c = new(context, count);
        a.CopyToDevice([.. Enumerable.Range(0, count).Select(i => (float)i)]);
        b.CopyToDevice([.. Enumerable.Range(0, count).Select(i => 2f * i)]);
        CudaKernel kernel = module.GetKernel("vector_add");
        kernel.RequireArguments<VectorAddArguments>();

        VectorAddArguments arguments = new(a.DevicePointer, b.DevicePointer, c.DevicePointer, count);
        kernel.Launch(stream, new LaunchShape((count + 255) / 256, 256), arguments);
        stream.Synchronize();

        Assert.Equal([.. Enumerable.Range(0, count).Select(i => 3f * i)], c.ToArray());
    }

    [Fact]
    public void Arguments_that_are_not_the_kernels_are_refused()
    {
        CudaContext context = Gpu.Require();
        Assert.SkipUnless(CudaDriver.Version >= new CudaVersion(12, 4), "Drivers before CUDA 12.4 do not tell parameters.");
        using CudaModule module = new(context, Ptx.Baseline, nameof(Ptx.Baseline));
        CudaKernel kernel = module.GetKernel("vector_add");

        ArgumentException tooFew = Assert.Throws<ArgumentException>(kernel.RequireArguments<TooFew>);
        ArgumentException wrong = Assert.Throws<ArgumentException>(kernel.RequireArguments<WrongSize>);
        Assert.Throws<ArgumentException>(kernel.RequireArguments<TooMany>);

        Assert.Equal(
            "Parameter 3 of the kernel vector_add is 4 bytes at offset 24 but TooFew has nothing, so make the struct match the kernel.",
            tooFew.Message);
        Assert.Contains("but WrongSize has 8 bytes at offset 24", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_launch_allocates_nothing()
    {
        CudaContext context = Gpu.Require();
        using CudaStream stream = new(context);
        using CudaModule module = new(context, Ptx.Baseline, nameof(Ptx.Baseline));
        using CudaDeviceVariable<float> memory = new(context, 256);
        CudaKernel kernel = module.GetKernel("vector_add");
        VectorAddArguments arguments = new(memory.DevicePointer, memory.DevicePointer, memory.DevicePointer, 256);
        LaunchShape shape = new(1, 256);
        kernel.Launch(stream, shape, arguments);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            kernel.Launch(stream, shape, arguments);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        stream.Synchronize();
    }

    [Fact]
    public void The_blocks_of_a_cooperative_launch_meet()
    {
        CudaContext context = Gpu.Require();
        using CudaStream stream = new(context);
        using CudaModule module = new(context, Ptx.Baseline, nameof(Ptx.Baseline));
        CudaKernel kernel = module.GetKernel("meet");
        int blocks = context.Device.MultiprocessorCount * kernel.GetMaxActiveBlocksPerMultiprocessor(1);
        using CudaDeviceVariable<int> arrived = new(context, 1);
        using CudaDeviceVariable<int> seen = new(context, blocks);
        arrived.FillAsync(0, stream);

        LaunchShape shape = new(blocks, 1) { Cooperative = true };
        kernel.Launch(stream, shape, new TwoPointers(arrived.DevicePointer, seen.DevicePointer));
        stream.Synchronize();

        Assert.All(seen.ToArray(), value => Assert.Equal(blocks, value));
    }

    [Fact]
    public void A_cooperative_launch_that_does_not_fit_names_kernel_and_shape()
    {
        CudaContext context = Gpu.Require();
        using CudaStream stream = new(context);
        using CudaModule module = new(context, Ptx.Baseline, nameof(Ptx.Baseline));
        CudaKernel kernel = module.GetKernel("meet");
        int blocks = (context.Device.MultiprocessorCount * kernel.GetMaxActiveBlocksPerMultiprocessor(1)) + 1;

        CudaException error = Assert.Throws<CudaException>(() =>
            kernel.Launch(stream, new LaunchShape(blocks, 1) { Cooperative = true }, default(TwoPointers)));

        Assert.Equal("cuLaunchCooperativeKernel", error.Call);
        Assert.Equal(CudaResult.CooperativeLaunchTooLarge, error.Result);
        Assert.Contains($"for the kernel meet, grid {blocks}×1×1, block 1×1×1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_block_that_is_too_large_names_the_call()
    {
        CudaContext context = Gpu.Require();
        using CudaStream stream = new(context);
        using CudaModule module = new(context, Ptx.Baseline, nameof(Ptx.Baseline));

        CudaException error = Assert.Throws<CudaException>(() =>
            module.GetKernel("write_at").Launch(stream, new LaunchShape(1, 4096), CudaDevicePointer.Null));

        Assert.Equal("cuLaunchKernel", error.Call);
        Assert.Equal(CudaResult.InvalidValue, error.Result);
    }

    [Fact]
    public void Dynamic_shared_memory_reaches_the_devices_limit()
    {
        CudaContext context = Gpu.Require();
        using CudaStream stream = new(context);
        using CudaModule module = new(context, Ptx.Baseline, nameof(Ptx.Baseline));
        using CudaDeviceVariable<int> result = new(context, 1);
        CudaKernel kernel = module.GetKernel("last_word");
        int bytes = context.Device.MaxSharedMemoryPerBlockOptin;
        kernel.MaxDynamicSharedBytes = bytes;
        result.FillAsync(0, stream);

        kernel.Launch(stream, new LaunchShape(1, 1, bytes), new PointerAndNumber(result.DevicePointer, bytes));
        stream.Synchronize();

        Assert.Equal(bytes, kernel.MaxDynamicSharedBytes);
        Assert.Equal([1234], result.ToArray());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Dependent_launches_keep_their_order(bool cooperative)
    {
        CudaContext context = Gpu.Require();
        Gpu.RequireComputeCapability(context, 9);
        using CudaStream stream = new(context);
        using CudaModule module = new(context, Ptx.Hopper, nameof(Ptx.Hopper));
        using CudaDeviceVariable<int> counter = new(context, 1);
        CudaKernel kernel = module.GetKernel("increment");
        LaunchShape shape = new(1, 1) { ProgrammaticStreamSerialization = true, Cooperative = cooperative };
        counter.FillAsync(0, stream);
        stream.Synchronize();

        for (int i = 0; i < 1000; i++)
        {
            kernel.Launch(stream, shape, counter.DevicePointer);
        }

        stream.Synchronize();
        Assert.Equal([1000], counter.ToArray());
    }

    [Fact]
    public void A_cluster_has_the_size_asked_for()
    {
        CudaContext context = Gpu.Require();
        Gpu.RequireComputeCapability(context, 9);
        using CudaStream stream = new(context);
        using CudaModule module = new(context, Ptx.Hopper, nameof(Ptx.Hopper));
        using CudaDeviceVariable<int> sizes = new(context, 8);
        CudaKernel kernel = module.GetKernel("cluster_size");
        LaunchShape shape = new(8, 32) { Cluster = 4 };

        kernel.Launch(stream, shape, sizes.DevicePointer);
        stream.Synchronize();

        Assert.Equal([4, 4, 4, 4, 4, 4, 4, 4], sizes.ToArray());
        Assert.InRange(kernel.GetMaxActiveClusters(shape), 1, 100_000);
    }

    private readonly record struct TwoPointers(CudaDevicePointer First, CudaDevicePointer Second);

    private readonly record struct PointerAndNumber(CudaDevicePointer Pointer, int Number);

    private readonly record struct TooFew(CudaDevicePointer A, CudaDevicePointer B, CudaDevicePointer C);

    private readonly record struct WrongSize(CudaDevicePointer A, CudaDevicePointer B, CudaDevicePointer C, long Count);

    private readonly record struct TooMany(CudaDevicePointer A, CudaDevicePointer B, CudaDevicePointer C, int Count, int More);
}
