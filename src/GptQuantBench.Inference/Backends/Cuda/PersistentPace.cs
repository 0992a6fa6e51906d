using GptQuantBench.Cuda;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>
/// Clocks from one request for weights to the next one (persistent_stream.cuh), of the layers' and of the head's rows. Where they are few, requests
/// pile up, and what blocks hand over waits behind them; where they are many, memory rests. The best ones, measured on an H100 for gpt2 to gpt2-xl
/// (docs/kernels.md), follow from what a layer has to read; for other memories they are scaled.
/// </summary>
/// <param name="LayerClocks">For the layers' rows at position 0.</param>
/// <param name="DepthClocks">More of them for 1024 positions in the cache.</param>
/// <param name="HeadClocks">For the head's rows.</param>
internal readonly record struct PersistentPace(int LayerClocks, int DepthClocks, int HeadClocks)
{
    private const double PartBytes = 12288; // persistent_stream.cuh
    private const double MeasuredPartClocks = 958; // what an H100's memory takes at its peak for a part to each of 132 blocks
    private const double Head = 800;

    /// <summary>For the kernel that decodes.</summary>
    public static PersistentPace OfDecode(ModelConfiguration configuration, QuantizationFormat format, PersistentShape shape, CudaDevice device)
    {
        double layerBytes = shape.LayerBytes(configuration, format);
        return Scaled(DecodeClocks(layerBytes, format.Bits), DecodeDepthClocks(layerBytes, format.Bits), shape, device);
    }

    /// <summary>For the kernel for short prompts.</summary>
    public static PersistentPace OfPrompt(ModelConfiguration configuration, QuantizationFormat format, PersistentShape shape, CudaDevice device) =>
        Scaled(PromptClocks(shape.LayerBytes(configuration, format)), 0, shape, device);

    /// <summary>Clocks of the layers' parts on an H100, of a block's bytes of a layer.</summary>
    public static double DecodeClocks(double layerBytes, int bits)
    {
        double perPart = PartBytes / layerBytes;
        return bits == 16 ? 600 + (4500 * perPart) : Math.Min(1600, 500 + (7700 * perPart));
    }

    /// <summary>
    /// More of them for 1024 positions in the cache: in FP16 memory, which is asked for keys and values too, is what bounds a layer; in the other formats
    /// a slower pace gained nothing.
    /// </summary>
    public static double DecodeDepthClocks(double layerBytes, int bits) => bits == 16 ? 3300 * PartBytes / layerBytes : 0;

    /// <summary>Clocks of the layers' parts for short prompts.</summary>
    public static double PromptClocks(double layerBytes) => Math.Min(1200, 850 + (4000 * PartBytes / layerBytes));

    private static PersistentPace Scaled(double layer, double depth, PersistentShape shape, CudaDevice device)
    {
        double bytesPerClock = 2.0 * device.MemoryClockRate * (device.MemoryBusWidth / 8) / Math.Max(1, device.ClockRate);
        double scale = bytesPerClock > 0 ? shape.Blocks * PartBytes / bytesPerClock / MeasuredPartClocks : 1;
        return new((int)Math.Clamp(layer * scale, 1, 100_000), (int)Math.Clamp(depth * scale, 0, 100_000), (int)Math.Clamp(Head * scale, 1, 100_000));
    }
}
