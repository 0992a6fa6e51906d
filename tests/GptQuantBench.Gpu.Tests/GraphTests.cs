using GptQuantBench.Cuda;

namespace GptQuantBench.Gpu.Tests;

public sealed class GraphTests
{
    private const int Count = 1000;

    [Fact]
    public void A_captured_graph_is_replayed()
    {
        CudaContext context = Gpu.Require();
        using CudaStream stream = new(context);
        using CudaModule module = new(context, Ptx.Baseline, nameof(Ptx.Baseline));
        using CudaDeviceVariable<float> sum = new(context, Count);
        using CudaDeviceVariable<float> one = new(context, Count);
        one.CopyToDevice([.. Enumerable.Repeat(1f, Count)]);
        sum.FillAsync(0, stream);
        stream.Synchronize();

        using CudaGraph graph = Capture(stream, module, sum, one, launches: 3);
        Assert.Equal(3, graph.NodeCount);
        Assert.Equal(0f, sum.ToArray()[0]);

        using CudaGraphExec exec = graph.Instantiate();
        exec.Upload(stream);
        exec.Launch(stream);
        exec.Launch(stream);
        stream.Synchronize();
        Assert.All(sum.ToArray(), value => Assert.Equal(6f, value));
    }

    [Fact]
    public void An_executable_graph_takes_new_parameters_but_no_new_topology()
    {
        CudaContext context = Gpu.Require();
        using CudaStream stream = new(context);
        using CudaModule module = new(context, Ptx.Baseline, nameof(Ptx.Baseline));
        using CudaDeviceVariable<float> first = new(context, Count);
        using CudaDeviceVariable<float> second = new(context, Count);
        using CudaDeviceVariable<float> one = new(context, Count);
        one.CopyToDevice([.. Enumerable.Repeat(1f, Count)]);
        first.FillAsync(0, stream);
        second.FillAsync(0, stream);
        using CudaGraph graph = Capture(stream, module, first, one, launches: 2);
        using CudaGraph other = Capture(stream, module, second, one, launches: 2);
        using CudaGraph longer = Capture(stream, module, second, one, launches: 3);
        using CudaGraphExec exec = graph.Instantiate();

        Assert.True(exec.TryUpdate(other, out string? reason), reason);
        exec.Launch(stream);
        stream.Synchronize();
        Assert.Equal(0f, first.ToArray()[0]);
        Assert.Equal(2f, second.ToArray()[Count - 1]);

        Assert.False(exec.TryUpdate(longer, out reason));
        Assert.Equal("The new graph has another topology.", reason);
    }

    [Fact]
    public void A_call_that_does_not_go_into_a_graph_ends_the_capture_with_an_error()
    {
        CudaContext context = Gpu.Require();
        using CudaStream stream = new(context);
        using CudaDeviceVariable<float> memory = new(context, Count);
        stream.BeginCapture();
        Assert.True(stream.IsCapturing);

        CudaException inside = Assert.Throws<CudaException>(stream.Synchronize);
        CudaException end = Assert.Throws<CudaException>(stream.EndCapture);

        Assert.Equal("cuStreamSynchronize", inside.Call);
        Assert.Equal("cuStreamEndCapture", end.Call);
        Assert.False(stream.IsCapturing);
        memory.FillAsync(0, stream);
        stream.Synchronize();
    }

    [Fact]
    public void Dependent_launches_go_into_a_graph()
    {
        CudaContext context = Gpu.Require();
        Gpu.RequireComputeCapability(context, 9);
        using CudaStream stream = new(context);
        using CudaModule module = new(context, Ptx.Hopper, nameof(Ptx.Hopper));
        using CudaDeviceVariable<int> counter = new(context, 1);
        CudaKernel kernel = module.GetKernel("increment");
        LaunchShape shape = new(1, 1) { ProgrammaticStreamSerialization = true };
        counter.FillAsync(0, stream);
        stream.BeginCapture();
        for (int i = 0; i < 10; i++)
        {
            kernel.Launch(stream, shape, counter.DevicePointer);
        }

        using CudaGraph graph = stream.EndCapture();
        using CudaGraphExec exec = graph.Instantiate();
        for (int i = 0; i < 10; i++)
        {
            exec.Launch(stream);
        }

        stream.Synchronize();
        Assert.Equal([100], counter.ToArray());
    }

    [Fact]
    public void Replaying_allocates_nothing()
    {
        CudaContext context = Gpu.Require();
        using CudaStream stream = new(context);
        using CudaModule module = new(context, Ptx.Baseline, nameof(Ptx.Baseline));
        using CudaDeviceVariable<float> memory = new(context, Count);
        using CudaGraph graph = Capture(stream, module, memory, memory, launches: 2);
        using CudaGraphExec exec = graph.Instantiate();
        exec.Launch(stream);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            exec.Launch(stream);
        }

        stream.Synchronize();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static CudaGraph Capture(
        CudaStream stream,
        CudaModule module,
        CudaDeviceVariable<float> sum,
        CudaDeviceVariable<float> addend,
        int launches)
    {
        CudaKernel kernel = module.GetKernel("vector_add");
        stream.BeginCapture();
        for (int i = 0; i < launches; i++)
        {
            VectorAddArguments arguments = new(sum.DevicePointer, addend.DevicePointer, sum.DevicePointer, Count);
            kernel.Launch(stream, new LaunchShape((Count + 255) / 256, 256), arguments);
        }

        return stream.EndCapture();
    }
}
