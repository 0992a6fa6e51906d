using GptQuantBench.Cuda;

namespace GptQuantBench.Gpu.Tests;

public sealed class ContextTests
{
    [Fact]
    public void Free_memory_is_part_of_the_total()
    {
        CudaContext context = Gpu.Require();

        CudaMemoryInfo memory = context.GetMemoryInfo();

        Assert.InRange(memory.FreeBytes, 1, memory.TotalBytes);
        Assert.Equal(memory.TotalBytes - memory.FreeBytes, memory.UsedBytes);
        Assert.InRange(memory.TotalBytes, context.Device.TotalMemory * 9 / 10, context.Device.TotalMemory);
        Assert.True(context.Device.IsPrimaryContextActive);
    }

    [Fact]
    public void What_stays_in_the_cache_can_be_reset_until_the_context_is_disposed()
    {
        CudaContext context = new(Gpu.Require().Device);

        Assert.True(context.TryResetPersistingL2Cache());

        context.Dispose();
        Assert.False(context.TryResetPersistingL2Cache());
    }

    [Fact]
    public void Another_thread_can_use_the_context()
    {
        CudaContext context = Gpu.Require();
        int[] result = [];
        Exception? error = null;
        Thread thread = new(() =>
        {
            try
            {
                using CudaContextScope scope = context.Use();
                using CudaDeviceVariable<int> memory = new(context, 4);
                memory.CopyToDevice([1, 2, 3, 4]);
                result = memory.ToArray();
            }
            catch (Exception e) when (e is CudaException or InvalidOperationException)
            {
                error = e;
            }
        });
        thread.Start();
        thread.Join();

        Assert.Null(error);
        Assert.Equal([1, 2, 3, 4], result);
    }

    [Fact]
    public void A_thread_without_the_context_is_told_so()
    {
        CudaContext context = Gpu.Require();
        using CudaDeviceVariable<int> memory = new(context, 4);
        CudaException? error = null;
        Thread thread = new(() => error = Assert.Throws<CudaException>(() => CudaMemory.Fill8(memory.DevicePointer, 0, 16)));
        thread.Start();
        thread.Join();

        Assert.Equal("cuMemsetD8_v2", error?.Call);
        Assert.Equal(CudaResult.InvalidContext, error?.Result);
    }

    [Fact]
    public void The_context_lives_as_long_as_the_last_thing_in_it()
    {
        Gpu.Require();

        Dictionary<string, string> printed = ChildProcess.Run(ChildScenarios.Lifetime);

        Assert.Equal("False", printed["before"]);
        Assert.Equal("True", printed["retained"]);
        Assert.Equal("True", printed["held by memory"]);
        Assert.Equal("False", printed["after"]);
    }

    [Fact]
    public void After_a_reset_what_was_in_the_context_can_still_be_disposed()
    {
        Gpu.Require();

        Assert.Equal("False", ChildProcess.Run(ChildScenarios.Reset)["active"]);
    }
}
