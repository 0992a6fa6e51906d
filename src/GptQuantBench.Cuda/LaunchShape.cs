namespace GptQuantBench.Cuda;

/// <summary>How a kernel is launched.</summary>
/// <param name="Grid">Blocks.</param>
/// <param name="Block">Threads per block.</param>
/// <param name="DynamicSharedBytes">
/// Dynamic shared memory per block; above 48 KiB the kernel must opt in first (<see cref="CudaKernel.MaxDynamicSharedBytes"/>).
/// </param>
public readonly record struct LaunchShape(Dim3 Grid, Dim3 Block, int DynamicSharedBytes = 0)
{
    /// <summary>All blocks run at once, so that they can wait for each other; the grid must fit the device.</summary>
    public bool Cooperative { get; init; }

    /// <summary>
    /// Programmatic dependent launch: may start before the kernel ahead in the stream ends; the kernel must wait itself
    /// (<c>griddepcontrol.wait</c>) before it touches what that one writes. From compute capability 9.0 on.
    /// </summary>
    public bool ProgrammaticStreamSerialization { get; init; }

    /// <summary>Blocks per cluster; all zero (the default) for none. From compute capability 9.0 on.</summary>
    public Dim3 Cluster { get; init; }
}
