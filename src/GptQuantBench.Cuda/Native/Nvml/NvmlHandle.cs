using System.Runtime.InteropServices;

namespace GptQuantBench.Cuda.Native.Nvml;

/// <summary>One start of NVML, ended once.</summary>
internal sealed class NvmlHandle : SafeHandle
{
    private readonly Func<NvmlReturn> _shutdown;

    public NvmlHandle(Func<NvmlReturn> shutdown)
        : base(0, ownsHandle: true)
    {
        _shutdown = shutdown;
        // NVML has no handle of its own; any value but zero says that there is something to end.
        SetHandle(1);
    }

    /// <inheritdoc />
    public override bool IsInvalid => handle == 0;

    /// <inheritdoc />
    protected override bool ReleaseHandle() => _shutdown() == NvmlReturn.Success;
}
