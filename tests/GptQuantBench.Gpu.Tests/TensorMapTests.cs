using System.Runtime.InteropServices;
using GptQuantBench.Cuda;

namespace GptQuantBench.Gpu.Tests;

/// <summary>The driver takes what <see cref="CudaTensorMap"/> lets through; what a map means is seen in TiledKernelTests.</summary>
public sealed class TensorMapTests
{
    [Fact]
    public void The_driver_accepts_codes_and_scales()
    {
        CudaContext context = Gpu.Require();
        Assert.SkipUnless(CudaTensorMap.IsSupported && context.Device.ComputeCapability.Major >= 9, "The device has no tensor copy engine, or the driver is too old.");
        using CudaDeviceVariable<byte> memory = new(context, 256 * 304);
        CudaTensorMap codes = CudaTensorMap.OfMatrix(memory.DevicePointer, 1, 304, 256, 304, 64, 224, readsAhead: true);
        CudaTensorMap scales = CudaTensorMap.OfMatrix(memory.DevicePointer, 2, 8, 256, 16, 16, 16, readsAhead: false);
        Assert.False(Bytes(codes).SequenceEqual(Bytes(scales)));
    }

    private static ReadOnlySpan<byte> Bytes(in CudaTensorMap map) => MemoryMarshal.AsBytes(new ReadOnlySpan<CudaTensorMap>(in map));
}
