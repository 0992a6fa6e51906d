using System.Numerics;
using GptQuantBench.Cuda;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>Launches attention over the FP16 cache (attention.cu).</summary>
internal sealed class AttentionKernels
{
    /// <summary>Widest head.</summary>
    public const int MaxHeadSize = 256;

    private const int BlockSize = 128;

    private readonly CudaKernel _partial;
    private readonly CudaKernel _whole;
    private readonly CudaKernel _rows;
    private readonly bool _dependentLaunch;

    public AttentionKernels(CudaModule module)
    {
        _dependentLaunch = PtxStore.HasDependentLaunch(module);
        _partial = module.GetKernel("attention_partial");
        _whole = module.GetKernel("attention_whole");
        _rows = module.GetKernel("attention_rows");
        _partial.RequireArguments<Parameter<AttentionArguments>>();
    }

    /// <summary>Halves from one position of a head to the next in the cache.</summary>
    public static int HeadPitch(int headSize) => (headSize + 7) / 8 * 8;

    /// <summary>Positions cut into <see cref="AttentionArguments.Ranges"/>; writes partial results.</summary>
    public void LaunchPartial(CudaStream stream, ref AttentionArguments arguments, int tokens) =>
        Launch(_partial, stream, ref arguments, new Dim3(arguments.Heads, arguments.Ranges, tokens));

    /// <summary>All positions in one range; writes FP16 output.</summary>
    public void LaunchWhole(CudaStream stream, ref AttentionArguments arguments, int tokens) => LaunchWhole(_whole, stream, ref arguments, tokens);

    /// <summary>The same, where each token is a row of <see cref="AttentionArguments.Rows"/>.</summary>
    public void LaunchRows(CudaStream stream, ref AttentionArguments arguments, int rows) => LaunchWhole(_rows, stream, ref arguments, rows);

    private void LaunchWhole(CudaKernel kernel, CudaStream stream, ref AttentionArguments arguments, int tokens)
    {
        arguments.Ranges = 1;
        arguments.RangeSize = arguments.Capacity;
        Launch(kernel, stream, ref arguments, new Dim3(arguments.Heads, 1, tokens));
    }

    private void Launch(CudaKernel kernel, CudaStream stream, ref AttentionArguments arguments, Dim3 grid)
    {
        arguments.Lanes = (int)BitOperations.RoundUpToPowerOf2((uint)(arguments.HeadPitch / 8));
        LaunchShape shape = new(grid, BlockSize) { ProgrammaticStreamSerialization = _dependentLaunch };
        kernel.Launch(stream, shape, new Parameter<AttentionArguments>(arguments));
    }
}
