using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Tests.Figures;

public sealed class KernelFiguresTests
{
    private static readonly KernelResult _product = new()
    {
        Kernel = "linear_product",
        Success = true,
        Backend = "cuda",
        Device = "Example GPU",
        Quantization = "4-bit",
        Format = "int4-g32-sym",
        Rows = 14336,
        Columns = 4096,
        BatchSize = 1,
        TimeUs = 27,
        GbPerSec = 1221,
    };

    [Fact]
    public void WhatWasMeasuredHasItsUnitAndTheRestIsLeftOut()
    {
        Assert.Equal("27.0 µs, 1221 GB/s", KernelFigures.Measured(_product));
        Assert.Equal("27.0 µs, 1221 GB/s (39.9%)", KernelFigures.Measured(_product with { BandwidthFraction = 0.399 }));
        Assert.Equal(
            "27.0 µs, 150 GFLOP/s, 16.0 µs from cache",
            KernelFigures.Measured(_product with { GbPerSec = null, BandwidthFraction = 0.4, GflopPerSec = 150, WarmTimeUs = 16 }));
        Assert.Equal("", KernelFigures.Measured(_product with { TimeUs = double.NaN, GbPerSec = null }));
    }

    [Fact]
    public void AShapeNamesItsInputsFirst()
    {
        Assert.Equal("4096x14336", KernelFigures.Shape(_product));
        Assert.Equal(FigureFormat.Missing, KernelFigures.Shape(_product with { Rows = null }));
    }

    [Fact]
    public void TheFastestFp16KernelOfTheSameShapeIsBesideARow()
    {
        KernelResult slow = _product with { Format = "fp16", TimeUs = 50 }, fast = slow with { Kernel = "cublas", TimeUs = 42 };
        KernelResult probe = new() { Kernel = KernelResult.ReadMemory, Success = true, Backend = "cuda", Device = "Example GPU", TimeUs = 3429 };
        KernelResult[] others =
        [
            fast with { Success = false, TimeUs = 1 }, fast with { Rows = 768, TimeUs = 2 }, fast with { Columns = 768, TimeUs = 3 }, fast with { BatchSize = 16, TimeUs = 4 },
            fast with { Backend = "cpu", TimeUs = 5 }, fast with { Device = "Other GPU", TimeUs = 6 }, probe with { Format = "fp16" },
        ];
        IReadOnlyList<KernelResult> rows = KernelFigures.WithFp16([_product, slow, fast, .. others]);
        Assert.All(rows.Take(3), row => Assert.Equal(42, row.Fp16TimeUs));
        Assert.Null(rows[^1].Fp16TimeUs);
        Assert.Null(KernelFigures.WithFp16([_product])[0].Fp16TimeUs);
    }
}
