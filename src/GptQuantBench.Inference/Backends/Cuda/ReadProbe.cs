using GptQuantBench.Cuda;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>Measures the read bandwidth of the device's memory (probe.cu).</summary>
internal static class ReadProbe
{
    /// <summary>Smallest buffer: below, the figure is more the cache's than the memory's.</summary>
    public const long MinimumBytes = 64L << 20;

    private const int BlockSize = 256;
    private const int BlocksPerMultiprocessor = 8;
    private const int Samples = 9;
    private const int PassesPerSample = 10;
    private const int VectorBytes = 16;

    /// <summary>Reads a buffer again and again.</summary>
    /// <param name="context">The device.</param>
    /// <param name="modules">Has the kernel.</param>
    /// <param name="bytes">Size of the buffer, raised to <see cref="MinimumBytes"/>.</param>
    /// <param name="launchByLaunch">Whether every launch is waited for.</param>
    /// <returns>Bytes per second, the median over samples of ten passes.</returns>
    /// <exception cref="CudaOutOfMemoryException">The buffer does not fit.</exception>
    public static double Measure(CudaContext context, KernelModules modules, long bytes, bool launchByLaunch)
    {
        using CudaContextScope scope = context.Use();
        long vectors = (Math.Max(bytes, MinimumBytes) + VectorBytes - 1) / VectorBytes;
        CudaKernel kernel = modules.Get("probe").GetKernel("read_memory");
        using CudaStream stream = new(context) { SynchronizesLaunches = launchByLaunch };
        using CudaDeviceVariable<byte> buffer = new(context, vectors * VectorBytes);
        using CudaDeviceVariable<ulong> sum = new(context, 1);
        using CudaEvent start = new(context);
        using CudaEvent end = new(context);
        buffer.FillAsync(0xFF, stream);
        sum.FillAsync(0, stream);
        LaunchShape shape = new(BlocksPerMultiprocessor * context.Device.MultiprocessorCount, BlockSize);
        ReadArguments arguments = new(buffer.DevicePointer, (ulong)vectors, sum.DevicePointer);
        double[] rates = new double[Samples];
        for (int sample = -1; sample < Samples; sample++)
        {
            start.Record(stream);
            for (int pass = 0; pass < PassesPerSample; pass++)
            {
                kernel.Launch(stream, shape, arguments);
            }

            end.Record(stream);
            end.Synchronize();
            if (sample >= 0)
            {
                rates[sample] = PassesPerSample * (double)buffer.SizeInBytes / (CudaEvent.ElapsedMilliseconds(start, end) / 1000.0);
            }
        }

        // Every word is 2³² − 1: a pass that skipped memory would show.
        ulong words = (ulong)((Samples + 1) * PassesPerSample * vectors * (VectorBytes / sizeof(uint)));
        if (sum.ToArray()[0] != unchecked(words * uint.MaxValue))
        {
            throw new InvalidOperationException("The read bandwidth probe summed wrongly, so its figure cannot be used; report this as a bug.");
        }

        Array.Sort(rates);
        return rates[Samples / 2];
    }

    private readonly record struct ReadArguments(CudaDevicePointer Buffer, ulong Count, CudaDevicePointer Sum);
}
