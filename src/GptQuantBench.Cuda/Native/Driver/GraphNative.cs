using System.Runtime.InteropServices;

namespace GptQuantBench.Cuda.Native.Driver;

/// <summary>Graphs and their executable forms.</summary>
internal static unsafe partial class GraphNative
{
    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuGraphGetNodes(nint graph, nint* nodes, nuint* count);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuGraphDestroy(nint graph);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuGraphInstantiateWithFlags(nint* graphExec, nint graph, ulong flags);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuGraphUpload(nint graphExec, nint stream);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuGraphLaunch(nint graphExec, nint stream);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuGraphExecUpdate_v2(nint graphExec, nint graph, GraphExecUpdateResultInfo* info);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuGraphExecDestroy(nint graphExec);
}
