using GptQuantBench.Cuda;

namespace GptQuantBench.Gpu.Tests;

public sealed class LeakTests
{
    private const long Tolerance = 2 << 20;

    [Fact]
    public void Streams_events_modules_and_graphs_are_given_back()
    {
        CudaContext context = Gpu.Require();
        Round(context, 20);
        long before = context.GetMemoryInfo().FreeBytes;

        Round(context, 500);

        Assert.InRange(context.GetMemoryInfo().FreeBytes, before - Tolerance, before + Tolerance);
    }

    [Fact]
    public void CuBLAS_handles_are_given_back()
    {
        CudaContext context = Gpu.Require();
        Gpu.RequireBlas(context).Dispose();
        long before = context.GetMemoryInfo().FreeBytes;
        for (int i = 0; i < 20; i++)
        {
            Gpu.RequireBlas(context).Dispose();
        }

        Assert.InRange(context.GetMemoryInfo().FreeBytes, before - Tolerance, before + Tolerance);
    }

    private static void Round(CudaContext context, int times)
    {
        for (int i = 0; i < times; i++)
        {
            using CudaStream stream = new(context);
            using CudaEvent start = new(context);
            using CudaPageLockedHostMemory<int> host = new(context, 1024);
            using CudaDeviceVariable<int> memory = new(context, 1024);
            using CudaModule module = new(context, Ptx.Baseline, nameof(Ptx.Baseline));
            stream.BeginCapture();
            memory.FillAsync(0, stream);
            using CudaGraph graph = stream.EndCapture();
            using CudaGraphExec exec = graph.Instantiate();
            exec.Launch(stream);
            start.Record(stream);
            stream.Synchronize();
        }
    }
}
