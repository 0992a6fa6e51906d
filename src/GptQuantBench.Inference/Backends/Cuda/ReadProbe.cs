using GptQuantBench.Cuda;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>Measures the read bandwidth of the device's memory (probe.cu).</summary>
internal sealed class ReadProbe : IDeviceProbe
{
    /// <summary>Smallest buffer: below, the figure is more the cache's than the memory's.</summary>
    public const long MinimumBytes = 64L << 20;

    // Caches that a buffer is larger than, at least: 200 MB on an H100, four of its caches, read at 2.85 TB/s, 1 GB at 3.1.
    private const int CachesPerBuffer = 20;

    private const int BlockSize = 256;
    private const int BlocksPerMultiprocessor = 8;
    private const int LaunchesPerPass = 10;
    private const int VectorBytes = 16;

    private readonly CudaContext _context;
    private readonly CudaKernel _kernel;
    private readonly LaunchShape _shape;
    private readonly CudaStream _stream;
    private readonly CudaDeviceVariable<byte>? _buffer;
    private readonly CudaDeviceVariable<ulong>? _sum;
    private readonly CudaEvent? _start;
    private readonly CudaEvent? _end;
    private ulong _launches;

    /// <param name="context">The device.</param>
    /// <param name="modules">Has the kernel.</param>
    /// <param name="bytes">
    /// Size of the buffer, raised to twenty times the L2 cache where half of the free memory holds that, and to <see cref="MinimumBytes"/>; a
    /// pass reads it ten times.
    /// </param>
    /// <param name="launchByLaunch">Whether every launch is waited for.</param>
    /// <exception cref="CudaOutOfMemoryException">The buffer does not fit.</exception>
    public ReadProbe(CudaContext context, KernelModules modules, long bytes, bool launchByLaunch)
    {
        _context = context;
        using CudaContextScope scope = context.Use();
        _kernel = modules.Get("probe").GetKernel("read_memory");
        _shape = new(BlocksPerMultiprocessor * context.Device.MultiprocessorCount, BlockSize);
        _stream = new(context) { SynchronizesLaunches = launchByLaunch };
        try
        {
            _buffer = new(context, (BufferBytes(context, bytes) + VectorBytes - 1) / VectorBytes * VectorBytes);
            _sum = new(context, 1);
            _start = new(context);
            _end = new(context);
            _buffer.FillAsync(0xFF, _stream);
            _sum.FillAsync(0, _stream);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc />
    public long BytesPerPass => LaunchesPerPass * _buffer!.SizeInBytes;

    /// <inheritdoc />
    public long OperationsPerPass => 0;

    /// <inheritdoc />
    public double? Pass()
    {
        using CudaContextScope scope = _context.Use();
        ReadArguments arguments = new(_buffer!.DevicePointer, (ulong)(_buffer.SizeInBytes / VectorBytes), _sum!.DevicePointer);
        _start!.Record(_stream);
        for (int launch = 0; launch < LaunchesPerPass; launch++)
        {
            _kernel.Launch(_stream, _shape, arguments);
        }

        _end!.Record(_stream);
        _end.Synchronize();
        _launches += LaunchesPerPass;

        // Every word is 2³² − 1: a launch that skipped memory would show.
        ulong words = _launches * arguments.Count * (VectorBytes / sizeof(uint));
        return _sum.ToArray()[0] == unchecked(words * uint.MaxValue)
            ? CudaEvent.ElapsedMilliseconds(_start, _end) / 1000.0
            : throw new InvalidOperationException("The read bandwidth probe summed wrongly, so its figure cannot be used; report this as a bug.");
    }

    /// <inheritdoc />
    public void Dispose()
    {
        // Not all of them exist where memory ran out on the way.
        _buffer?.Dispose();
        _sum?.Dispose();
        _start?.Dispose();
        _end?.Dispose();
        _stream.Dispose();
    }

    private static long BufferBytes(CudaContext context, long bytes)
    {
        long many = Math.Min(CachesPerBuffer * (long)context.Device.L2CacheSize, context.GetMemoryInfo().FreeBytes / 2);
        return Math.Max(Math.Max(bytes, many), MinimumBytes);
    }

    private readonly record struct ReadArguments(CudaDevicePointer Buffer, ulong Count, CudaDevicePointer Sum);
}
