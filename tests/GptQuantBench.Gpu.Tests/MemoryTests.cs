using System.Runtime.CompilerServices;
using GptQuantBench.Cuda;

namespace GptQuantBench.Gpu.Tests;

public sealed class MemoryTests
{
    private const long Mebibyte = 1 << 20;

    [Fact]
    public void What_is_copied_to_the_device_comes_back()
    {
        CudaContext context = Gpu.Require();
        float[] values = [.. Enumerable.Range(0, 10_007).Select(i => i * 0.5f)];
        using CudaDeviceVariable<float> memory = new(context, values.Length);
        memory.CopyToDevice(values);

        Assert.Equal(values, memory.ToArray());
        Assert.Equal(values.Length * 4, memory.SizeInBytes);

        float[] part = new float[10];
        memory.CopyToHost(part, 100);
        Assert.Equal(values[100..110], part);
        memory.CopyToDevice([-1f, -2f], 50);
        Assert.Equal([values[49], -1f, -2f, values[52]], memory.ToArray()[49..53]);
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(20_000)]
    [InlineData(1_000_000)]
    public void A_copy_is_there_for_a_stream_that_waits_for_nobody(int count)
    {
        CudaContext context = Gpu.Require();
        using CudaStream stream = new(context);
        using CudaDeviceVariable<float> source = new(context, count);
        using CudaDeviceVariable<float> destination = new(context, count);
        float[] values = new float[count];
        for (int round = 1; round <= 50; round++)
        {
            Array.Fill(values, round);
            source.CopyToDevice(values);
            CudaMemory.CopyOnDeviceAsync(destination.DevicePointer, source.DevicePointer, source.SizeInBytes, stream);
            stream.Synchronize();
            Assert.Equal(-1, destination.ToArray().AsSpan().IndexOfAnyExcept(round));
        }
    }

    [Fact]
    public void Ranges_outside_the_memory_are_refused()
    {
        CudaContext context = Gpu.Require();
        using CudaDeviceVariable<int> memory = new(context, 10);

        Assert.Throws<ArgumentOutOfRangeException>(() => memory.CopyToDevice(new int[11]));
        Assert.Throws<ArgumentOutOfRangeException>(() => memory.CopyToHost(new int[1], 10));
        Assert.Throws<ArgumentOutOfRangeException>(() => memory.PointerAt(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CudaDeviceVariable<int>(context, 0));
        Assert.Equal(memory.DevicePointer + 40, memory.PointerAt(10));
    }

    [Fact]
    public void Fills_and_copies_on_the_device()
    {
        CudaContext context = Gpu.Require();
        using CudaStream stream = new(context);
        using CudaDeviceVariable<uint> first = new(context, 1000);
        using CudaDeviceVariable<uint> second = new(context, 1000);

        CudaMemory.Fill32Async(first.DevicePointer, 0xDEADBEEF, 1000, stream);
        CudaMemory.CopyOnDeviceAsync(second.DevicePointer, first.DevicePointer, first.SizeInBytes, stream);
        CudaMemory.Fill8Async(second.PointerAt(500), 0x11, 4, stream);
        stream.Synchronize();

        uint[] expected = [.. Enumerable.Repeat(0xDEADBEEF, 1000)];
        expected[500] = 0x11111111;
        Assert.Equal(expected, second.ToArray());

        CudaMemory.Fill32(first.DevicePointer, 7, 1000);
        CudaMemory.CopyOnDevice(second.DevicePointer, first.DevicePointer, first.SizeInBytes);
        CudaMemory.Fill8(second.DevicePointer, 0xFF, 8);
        context.Synchronize();
        Assert.Equal([uint.MaxValue, uint.MaxValue, 7u], second.ToArray()[..3]);
        first.FillAsync(0, stream);
        stream.Synchronize();
        Assert.All(first.ToArray(), value => Assert.Equal(0u, value));
    }

    [Fact]
    public void Out_of_memory_says_what_was_asked_and_what_is_free()
    {
        CudaContext context = Gpu.Require();
        long asked = context.GetMemoryInfo().TotalBytes * 2;

        CudaOutOfMemoryException error = Assert.Throws<CudaOutOfMemoryException>(() => new CudaDeviceVariable<byte>(context, asked));

        Assert.Equal(asked, error.RequestedBytes);
        Assert.InRange(error.FreeBytes, 1, asked / 2);
        Assert.StartsWith("cuMemAlloc_v2 failed with CUDA_ERROR_OUT_OF_MEMORY (out of memory): ", error.Message, StringComparison.Ordinal);
        Assert.Contains($"{asked:N0} bytes were asked for but only {error.FreeBytes:N0} of", error.Message, StringComparison.Ordinal);
        Assert.Contains(context.Device.Name, error.Message, StringComparison.Ordinal);

        using CudaDeviceVariable<byte> next = new(context, Mebibyte);
        next.CopyToDevice([1]);
    }

    [Fact]
    public void The_hook_sees_every_byte_come_and_go()
    {
        CudaContext context = Gpu.Require();
        List<long> seen = [];
        CudaDeviceAllocator allocator = new(context, seen.Add);

        using (CudaDeviceVariable<short> memory = new(allocator, 100))
        {
            Assert.Equal([200], seen);
        }

        Assert.Throws<CudaOutOfMemoryException>(() => new CudaDeviceVariable<byte>(allocator, 1L << 42));
        Assert.Equal([200, -200], seen);
    }

    [Fact]
    public void Forgotten_memory_is_freed_by_the_finalizer()
    {
        CudaContext context = Gpu.Require();
        long held = 0;
        CudaDeviceAllocator allocator = new(context, bytes => Interlocked.Add(ref held, bytes));
        Forget();
        Assert.Equal(64 * Mebibyte, Interlocked.Read(ref held));

        GC.Collect();
        GC.WaitForPendingFinalizers();

        Assert.Equal(0, Interlocked.Read(ref held));

        [MethodImpl(MethodImplOptions.NoInlining)]
        void Forget() => _ = new CudaDeviceVariable<byte>(allocator, 64 * Mebibyte);
    }

    [Fact]
    public void A_thousand_allocations_leave_free_memory_where_it_was()
    {
        CudaContext context = Gpu.Require();
        new CudaDeviceVariable<byte>(context, 5 * Mebibyte).Dispose();
        long before = context.GetMemoryInfo().FreeBytes;
        for (int i = 0; i < 1000; i++)
        {
            using CudaDeviceVariable<byte> memory = new(context, (i % 5 * Mebibyte) + 1);
        }

        Assert.Equal(before, context.GetMemoryInfo().FreeBytes);
    }

    [Fact]
    public void Freed_memory_cannot_be_used()
    {
        CudaContext context = Gpu.Require();
        CudaDeviceVariable<int> memory = new(context, 1);
        memory.Dispose();
        memory.Dispose();

        Assert.Throws<ObjectDisposedException>(() => memory.ToArray());
    }
}
