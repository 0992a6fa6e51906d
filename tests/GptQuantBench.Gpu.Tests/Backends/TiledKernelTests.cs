using GptQuantBench.Cuda;
using GptQuantBench.Inference.Backends.Cuda;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Gpu.Tests.Backends;

/// <summary>Tiled products of every size against float64 arithmetic on the unpacked weights.</summary>
public sealed class TiledKernelTests
{
    // FP16 activations and, in grouped formats, weights rounded to FP16.
    private const double Tolerance = 1e-3;

    // Tails of tiles and stages, scales at odd addresses, split sums, wide tiles, and (the last, on an H100) tiled_bulk.cuh: a tile a
    // multiprocessor and a tall one.
    private static readonly (int Rows, int Columns)[] _shapes =
        [(9, 32), (7, 31), (129, 96), (300, 768), (130, 1600), (257, 4100), (8200, 260), (6345, 512), (14900, 250)];

    // Kernels that have half of a multiprocessor's registers, so that the next launch fits beside them: a few words may be too many.
    private const int MostSpilledBytesOfHalf = 32;

    public static TheoryData<string> Formats => TestModels.Formats;

    public static TheoryData<string> BulkFormats => ["int8-row-sym", "int8-g32-sym", "int4-g32-sym", "int4-g128-sym", "int4-g64-asym"];

    [Theory]
    [MemberData(nameof(Formats))]
    public void Products_residuals_and_gelus_match(string name)
    {
        foreach ((int rows, int columns) in _shapes)
        {
            using Fixture fixture = new(name, rows, columns);
            foreach (int tokens in (int[])[1, 8, 9, 17, 33, 64])
            {
                float[] product = fixture.Multiply(tokens);
                float[] biased = [.. product.Select((y, i) => y + fixture.Bias[i % rows])];
                string what = $"{name} {rows}x{columns}, {tokens} tokens";
                Numbers.AssertClose(fixture.RunProduct(tokens), product, Tolerance, what);
                Numbers.AssertClose(fixture.RunResidual(tokens), [.. biased.Select(y => y + 1)], Tolerance, what + ", residual");
                Numbers.AssertClose(fixture.RunGelu(tokens), [.. biased.Select(Numbers.Gelu)], Tolerance, what + ", GELU");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void One_wrong_piece_of_weights_is_seen(string name)
    {
        using Fixture fixture = new(name, rows: 200, columns: 768);
        float[] expected = fixture.Multiply(9);
        Numbers.AssertClose(fixture.RunProduct(9), expected, Tolerance, name);
        fixture.Spoil();
        Assert.True(Numbers.RelativeError(fixture.RunProduct(9), expected) > Tolerance);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void No_kernel_keeps_anything_in_local_memory(string name)
    {
        CudaContext context = Gpu.Require();
        TiledKernels kernels = CudaRuntime.Kernels(context, QuantizationFormat.Parse(name)).Tiled;
        Assert.InRange(kernels.MaxTokens, 32, 64);
        Assert.All(kernels.Kernels, kernel => Assert.True(
            kernel.LocalBytes <= (kernel.Name is "bulk_product_8" or "bulk_product_16" ? MostSpilledBytesOfHalf : 0),
            $"{kernel.Name}: {kernel.RegisterCount} registers, {kernel.LocalBytes} bytes"));
    }

    [Theory]
    [MemberData(nameof(BulkFormats))]
    public void Bulk_products_match_however_they_are_cut(string name)
    {
        foreach ((int rows, int columns) in ((int Rows, int Columns)[])[(300, 768), (77, 2048), (513, 1250)])
        {
            using Fixture fixture = new(name, rows, columns);
            BulkShape? shape = fixture.Shape;
            if (shape is null)
            {
                continue; // scales that the copy engine cannot read
            }

            foreach (BulkCut cut in Cuts(shape.Value))
            {
                foreach (int tokens in (int[])[1, 8, 9, 16])
                {
                    float[] product = fixture.Multiply(tokens);
                    string what = $"{name} {rows}x{columns}, {tokens} tokens, {cut}";
                    Numbers.AssertClose(fixture.RunBulk(tokens, shape.Value, cut, TiledEnd.Product), product, Tolerance, what);
                    Numbers.AssertClose(
                        fixture.RunBulk(tokens, shape.Value, cut, TiledEnd.Residual), [.. product.Select((y, i) => y + fixture.Bias[i % rows] + 1)], Tolerance, what + ", residual");
                }
            }
        }
    }

    private static IEnumerable<BulkCut> Cuts(BulkShape shape)
    {
        foreach ((bool isTall, int warps, int splits) in ((bool, int, int)[])[(false, 7, 1), (false, 4, 2), (false, 1, 3), (true, 7, 1), (true, 4, 2), (true, 1, 5)])
        {
            int units = (shape.Rows + BulkCut.UnitRows - 1) / BulkCut.UnitRows, unitsOfTile = isTall ? 2 * warps : warps;
            int each = (((shape.Stages + splits - 1) / splits) + shape.StagesOfBox - 1) / shape.StagesOfBox * shape.StagesOfBox;
            yield return new(isTall, warps, (units + unitsOfTile - 1) / unitsOfTile, (shape.Stages + each - 1) / each, each);
        }
    }

    private sealed class Fixture : IDisposable
    {
        private const int MostTokens = 64;

        private readonly CudaStream _stream;
        private readonly DeviceMatrix _matrix;
        private readonly PackedMatrix _packed;
        private readonly TiledProduct _product;
        private readonly BulkKernels? _bulk;
        private readonly CudaDeviceVariable<float> _partial;
        private readonly CudaDeviceVariable<uint> _arrived;
        private readonly CudaDeviceVariable<Half> _input;
        private readonly CudaDeviceVariable<float> _bias;
        private readonly CudaDeviceVariable<float> _output;
        private readonly float[] _weights;
        private readonly float[] _activations;
        private readonly int _rows;
        private readonly int _columns;
        private readonly int _pitch;

        public Fixture(string name, int rows, int columns)
        {
            CudaContext context = Gpu.Require();
            (_rows, _columns) = (rows, columns);
            QuantizationFormat format = QuantizationFormat.Parse(name).Layout;
            KernelSet kernels = CudaRuntime.Kernels(context, format);
            CudaMemoryPools pools = new(context, new MemoryLedger());
            Random random = new(rows + columns);
            _stream = new(context);
            _weights = Numbers.Normal(random, rows * columns, 0.05f);
            _packed = PackedMatrix.Quantize(new MemoryLedger(), format, rows, columns, _weights, "weights");
            _packed.Dequantize(_weights);
            _matrix = new(pools.Weights, _packed.Layout);
            _matrix.CopyFrom(_packed);
            _product = new(pools, _stream, kernels.Tiled);
            _bulk = kernels.Tiled.Bulk;
            _partial = new(context, kernels.Tiled.PartialLength);
            _partial.FillAsync(0xFF, _stream);
            _arrived = new(context, kernels.Tiled.ArrivedLength);
            _arrived.FillAsync(0, _stream);
            Bias = Numbers.Normal(random, rows);
            _bias = new(context, rows);
            _bias.CopyToDevice(Bias);
            _pitch = kernels.Linear.ActivationPitch(columns);
            _activations = Numbers.Normal(random, MostTokens * columns);
            Half[] padded = new Half[MostTokens * _pitch];
            for (int token = 0; token < MostTokens; token++)
            {
                Half[] halves = Numbers.Halves(_activations.AsSpan(token * columns, columns));
                halves.CopyTo(padded, token * _pitch);
                for (int k = 0; k < columns; k++)
                {
                    _activations[(token * columns) + k] = (float)halves[k];
                }
            }

            _input = new(context, padded.Length);
            _input.CopyToDevice(padded);
            _output = new(context, MostTokens * rows);
        }

        public float[] Bias { get; }

        /// <summary>Null where the copy engine cannot read the matrix; skips where the device has none.</summary>
        public BulkShape? Shape
        {
            get
            {
                Assert.SkipWhen(_bulk is null, "The device, its driver or the architecture asked for has no tensor copy engine.");
                return BulkShape.Of(_packed.Layout.Format, _matrix.View);
            }
        }

        private Gpt2Layers.Linear Layer => new(_matrix, _bias.DevicePointer);

        public float[] Multiply(int tokens)
        {
            float[] result = new float[tokens * _rows];
            Parallel.For(0, _rows, row =>
            {
                for (int token = 0; token < tokens; token++)
                {
                    double sum = 0;
                    for (int k = 0; k < _columns; k++)
                    {
                        sum += (double)_weights[(row * _columns) + k] * _activations[(token * _columns) + k];
                    }

                    result[(token * _rows) + row] = (float)sum;
                }
            });
            return result;
        }

        public float[] RunProduct(int tokens)
        {
            _output.FillAsync(0xFF, _stream);
            _product.Queue(_stream, _matrix, _input.DevicePointer, _pitch, _output.DevicePointer, tokens);
            return Take(tokens);
        }

        public float[] RunBulk(int tokens, BulkShape shape, BulkCut cut, TiledEnd end)
        {
            float[] ones = new float[MostTokens * _rows];
            Array.Fill(ones, end == TiledEnd.Residual ? 1f : float.NaN);
            _output.CopyToDevice(ones);
            TiledArguments arguments = new()
            {
                Matrix = _matrix.View,
                Input = _input.DevicePointer,
                Bias = end == TiledEnd.Residual ? _bias.DevicePointer : CudaDevicePointer.Null,
                Output = _output.DevicePointer,
                Partial = _partial.DevicePointer,
                Arrived = _arrived.DevicePointer,
                Tokens = tokens,
                InputPitch = _pitch,
                OutputPitch = _rows,
                End = end,
            };
            _bulk!.Launch(_stream, arguments, shape, cut);
            return Take(tokens);
        }

        public float[] RunResidual(int tokens)
        {
            float[] ones = new float[MostTokens * _rows];
            Array.Fill(ones, 1f);
            _output.CopyToDevice(ones);
            _product.QueueResidual(_stream, Layer, _input.DevicePointer, _pitch, _output.DevicePointer, tokens);
            return Take(tokens);
        }

        public float[] RunGelu(int tokens)
        {
            _output.FillAsync(0xFF, _stream);
            _product.QueueGelu(_stream, Layer, _input.DevicePointer, _pitch, _output.DevicePointer, _rows, tokens);
            _stream.Synchronize();
            Half[] halves = new Half[tokens * _rows];
            CudaMemory.CopyToHost<Half>(halves, _output.DevicePointer);
            return [.. halves.Select(half => (float)half)];
        }

        /// <summary>Inverts 16 bytes of the codes on the device.</summary>
        public void Spoil()
        {
            byte[] codes = _packed.Codes[..16].ToArray();
            CudaMemory.CopyToDevice<byte>(_matrix.View.Codes, [.. codes.Select(code => (byte)~code)]);
        }

        public void Dispose()
        {
            _product.Dispose();
            _partial.Dispose();
            _arrived.Dispose();
            _input.Dispose();
            _bias.Dispose();
            _output.Dispose();
            _matrix.Dispose();
            _packed.Dispose();
            _stream.Dispose();
        }

        private float[] Take(int tokens)
        {
            _stream.Synchronize();
            return _output.ToArray()[..(tokens * _rows)];
        }
    }
}
