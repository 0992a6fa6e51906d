using GptQuantBench.Inference.Backends.Cpu;
using GptQuantBench.Inference.Backends.Cpu.Kernels;
using GptQuantBench.Inference.Backends.Cpu.Tiles;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Tests.Backends;

/// <summary>Products of whole matrices with few and many inputs, on every way that they can take.</summary>
public unsafe class MatrixMultiplierTests
{
    [Theory]
    [InlineData("FP16", false)]
    [InlineData("8-bit", false)]
    [InlineData("8-bit", true)]
    [InlineData("int8-g32-sym", true)]
    [InlineData("int4-g32-sym", false)]
    [InlineData("int4-g32-sym", true)]
    [InlineData("int4-g64-asym", true)]
    public void Every_number_of_inputs_gives_what_fp64_sums_give(string format, bool isInteger)
    {
        const int rows = 87, columns = 1100, mostTokens = 29;
        float[] weights = TileCase.Values(rows * columns, 1), inputs = TileCase.Values(mostTokens * columns, 2), bias = TileCase.Values(rows, 3);
        foreach (CpuKernel kernel in CpuKernels.All.Where(kernel => kernel.IsSupported))
        {
            MemoryLedger ledger = new();
            using WorkerPool pool = new(2);
            using (PackedMatrix packed = PackedMatrix.Quantize(ledger, QuantizationFormat.Parse(format), rows, columns, weights, "test"))
            using (TileMemory tiles = new(ledger, [new(packed.Layout, kernel.Lanes)]))
            using (TiledMatrix matrix = new(ledger, new(packed.Layout, kernel.Lanes), tiles))
            using (MatrixMultiplier multiplier = new(kernel, isInteger ? Products.Integer : Products.Float, pool, ledger, columns, mostTokens))
            {
                pool.Run(matrix.Layout.Tiles, (tile, _) => matrix.SetTile(tile, packed, tile * kernel.Lanes));
                float[] unpacked = new float[weights.Length];
                packed.Dequantize(unpacked);
                int padded = packed.Layout.PaddedColumns;
                float[] x = new float[mostTokens * padded];
                float[] seen = isInteger
                    ? [.. inputs.Chunk(columns).SelectMany(vector => TileCase.PlainlyRounded(vector, packed.Layout.Format.Bits == 8 ? InputForm.Int16 : InputForm.Int8))]
                    : inputs;
                for (int token = 0; token < mostTokens; token++)
                {
                    inputs.AsSpan(token * columns, columns).CopyTo(x.AsSpan(token * padded));
                }

                foreach (int tokens in new[] { 1, 2, 6, 7, 12, 13, 24, mostTokens })
                {
                    float[] y = new float[tokens * rows];
                    fixed (float* a = x, b = bias, c = y)
                    {
                        multiplier.Multiply(matrix, null, a, padded, tokens, c, rows, Epilogue.Overwrite);
                        Assert.InRange(KernelComparison.WorstShare(unpacked, seen, y, columns), 0, Tolerances.KernelShare);
                        float[] once = [.. y];
                        multiplier.Multiply(matrix, b, a, padded, tokens, c, rows, Epilogue.Add);
                        Assert.All(y.Index(), output =>
                            Assert.Equal((2f * once[output.Index]) + bias[output.Index % rows], output.Item, 1e-4));
                    }
                }
            }

            Assert.Equal(0, ledger.Usage.TotalBytes);
        }
    }
}
