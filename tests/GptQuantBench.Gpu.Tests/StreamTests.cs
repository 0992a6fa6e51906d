using System.Diagnostics;
using GptQuantBench.Cuda;

namespace GptQuantBench.Gpu.Tests;

public sealed class StreamTests
{
    private const long LargeBytes = 1L << 28;

    [Fact]
    public void Events_time_the_device()
    {
        CudaContext context = Gpu.Require();
        using CudaStream stream = new(context);
        using CudaDeviceVariable<byte> memory = new(context, LargeBytes);
        using CudaEvent start = new(context);
        using CudaEvent end = new(context, blockingSync: true);
        memory.FillAsync(0, stream);
        stream.Synchronize();

        long before = Stopwatch.GetTimestamp();
        start.Record(stream);
        for (int i = 0; i < 20; i++)
        {
            memory.FillAsync((byte)i, stream);
        }

        end.Record(stream);
        end.Synchronize();
        double wall = Stopwatch.GetElapsedTime(before).TotalMilliseconds;
        float elapsed = CudaEvent.ElapsedMilliseconds(start, end);

        // 5 GiB in less than this would be more than 50 TB/s.
        Assert.InRange(elapsed, 0.1, wall + 0.1);
        Assert.True(end.IsCompleted);
        Assert.True(stream.IsCompleted);
    }

    [Fact]
    public void Work_that_still_runs_is_not_completed()
    {
        CudaContext context = Gpu.Require();
        using CudaStream stream = new(context);
        using CudaDeviceVariable<byte> memory = new(context, LargeBytes);
        using CudaEvent end = new(context, timing: false);
        for (int i = 0; i < 200; i++)
        {
            memory.FillAsync((byte)i, stream);
        }

        end.Record(stream);
        Assert.False(end.IsCompleted);
        Assert.False(stream.IsCompleted);
        stream.Synchronize();
        Assert.True(end.IsCompleted);
    }

    [Fact]
    public void An_event_without_timing_has_no_time()
    {
        CudaContext context = Gpu.Require();
        using CudaStream stream = new(context);
        using CudaEvent start = new(context, timing: false);
        start.Record(stream);
        stream.Synchronize();

        CudaException error = Assert.Throws<CudaException>(() => CudaEvent.ElapsedMilliseconds(start, start));

        Assert.Equal("cuEventElapsedTime", error.Call);
    }

    [Fact]
    public void A_stream_waits_for_an_event_of_another()
    {
        CudaContext context = Gpu.Require();
        using CudaStream producer = new(context);
        using CudaStream consumer = new(context);
        using CudaEvent ready = new(context, timing: false);
        using CudaDeviceVariable<byte> memory = new(context, LargeBytes);
        using CudaDeviceVariable<byte> copy = new(context, LargeBytes);
        copy.FillAsync(1, consumer);
        consumer.Synchronize();

        for (int i = 0; i < 50; i++)
        {
            memory.FillAsync((byte)(i + 100), producer);
        }

        ready.Record(producer);
        consumer.Wait(ready);
        CudaMemory.CopyOnDeviceAsync(copy.DevicePointer, memory.DevicePointer, LargeBytes, consumer);
        consumer.Synchronize();

        byte[] ends = new byte[2];
        copy.CopyToHost(ends.AsSpan(0, 1));
        copy.CopyToHost(ends.AsSpan(1, 1), LargeBytes - 1);
        Assert.Equal([149, 149], ends);
    }

    [Fact]
    public void A_stream_has_the_priority_asked_for()
    {
        CudaContext context = Gpu.Require();
        (int least, int greatest) = CudaStream.GetPriorityRange(context);
        using CudaStream urgent = new(context, priority: greatest);
        using CudaStream blocking = new(context, nonBlocking: false, priority: least);

        Assert.True(greatest <= least);
        Assert.Equal(greatest, urgent.Priority);
        Assert.Equal(least, blocking.Priority);
    }

    [Fact]
    public void A_disposed_stream_cannot_be_used()
    {
        CudaContext context = Gpu.Require();
        CudaStream stream = new(context);
        stream.Dispose();

        Assert.Throws<ObjectDisposedException>(stream.Synchronize);
    }
}
