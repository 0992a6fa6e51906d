using System.Runtime.InteropServices;
using GptQuantBench.Cuda;

namespace GptQuantBench.Gpu.Tests;

public sealed class HostMemoryTests
{
    private const int Count = 1 << 20;

    [Fact]
    public void Page_locked_memory_is_copied_in_a_stream()
    {
        CudaContext context = Gpu.Require();
        using CudaStream stream = new(context);
        using CudaPageLockedHostMemory<int> source = new(context, Count);
        using CudaPageLockedHostMemory<int> destination = new(context, Count);
        using CudaDeviceVariable<int> memory = new(context, Count);
        for (int i = 0; i < Count; i++)
        {
            source.Span[i] = i * 3;
        }

        destination.Span.Clear();
        memory.CopyToDeviceAsync(source, Count, stream);
        memory.CopyToHostAsync(destination, Count, stream);
        stream.Synchronize();

        Assert.True(source.Span.SequenceEqual(destination.Span));
        Assert.Equal(4L * Count, source.SizeInBytes);
        Assert.Throws<InvalidOperationException>(() => source.DevicePointer);
        Assert.Throws<ArgumentOutOfRangeException>(() => memory.CopyToDeviceAsync(source, Count + 1, stream));
    }

    [Fact]
    public void A_kernel_reads_and_writes_mapped_memory()
    {
        CudaContext context = Gpu.Require();
        using CudaStream stream = new(context);
        using CudaModule module = new(context, Ptx.Baseline, nameof(Ptx.Baseline));
        using CudaPageLockedHostMemory<float> a = new(context, 256, mapped: true, writeCombined: true);
        using CudaPageLockedHostMemory<float> sum = new(context, 256, mapped: true);
        a.Span.Fill(1.5f);
        sum.Span.Clear();

        VectorAddArguments arguments = new(a.DevicePointer, a.DevicePointer, sum.DevicePointer, 256);
        module.GetKernel("vector_add").Launch(stream, new LaunchShape(1, 256), arguments);
        stream.Synchronize();

        Assert.All(sum.Span.ToArray(), value => Assert.Equal(3f, value));
    }

    [Fact]
    public unsafe void Memory_of_someone_else_can_be_registered()
    {
        CudaContext context = Gpu.Require();
        using CudaStream stream = new(context);
        using CudaDeviceVariable<int> memory = new(context, Count);
        int* host = (int*)NativeMemory.AlignedAlloc(Count * sizeof(int), 4096);
        try
        {
            new Span<int>(host, Count).Fill(77);
            using (CudaRegisteredHostMemory registered = new(context, host, Count * sizeof(int)))
            {
                Assert.NotEqual(CudaDevicePointer.Null, registered.DevicePointer);
                CudaMemory.CopyToDeviceAsync(memory.DevicePointer, host, registered.SizeInBytes, stream);
                stream.Synchronize();
            }

            Assert.Equal(77, host[Count - 1]);
        }
        finally
        {
            NativeMemory.AlignedFree(host);
        }

        Assert.All(memory.ToArray(), value => Assert.Equal(77, value));
    }
}
