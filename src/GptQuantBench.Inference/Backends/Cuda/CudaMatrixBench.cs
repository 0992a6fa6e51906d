using GptQuantBench.Cuda;
using GptQuantBench.Inference.Backends.Cpu;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>
/// Products on a GPU, replayed as a graph so that the host's launches are not part of the time, between two events of the device.
/// </summary>
internal sealed class CudaMatrixBench : IMatrixBench
{
    // Starting a graph costs about as much as a small product: this many share it.
    private const int LeastNodes = 64;

    private readonly CudaContext _context;
    private readonly CudaStream _stream;
    private readonly PackedLayout _layout;
    private readonly int _mostInputs;
    private readonly int _inputPitch;
    private readonly DeviceMatrix?[] _matrices;
    private readonly PackedMatrix _packed;
    private readonly CudaDeviceVariable<ushort>? _inputs; // FP16 [inputs, pitch]
    private readonly CudaDeviceVariable<float>? _outputs; // FP32 [inputs, rows]
    private readonly IMatrixProduct? _product;
    private readonly CudaEvent? _start;
    private readonly CudaEvent? _end;
    private readonly Dictionary<(int Inputs, bool Rotates), CudaGraphExec> _graphs = [];
    private readonly bool _launchByLaunch;

    /// <exception cref="CudaOutOfMemoryException">The copies do not fit.</exception>
    /// <exception cref="CudaLibraryException">cuBLAS is asked for and not installed.</exception>
    public CudaMatrixBench(
        CudaContext context, KernelSet kernels, string kernel, PackedLayout layout, int mostInputs, long rotationBytes, bool launchByLaunch)
    {
        _context = context;
        _layout = layout;
        _mostInputs = mostInputs;
        _inputPitch = kernels.Linear.ActivationPitch(layout.Columns);
        _matrices = new DeviceMatrix?[MatrixCopies.Count(layout, rotationBytes)];
        _launchByLaunch = launchByLaunch;
        using CudaContextScope scope = context.Use();
        using (WorkerPool pool = new(Environment.ProcessorCount))
        {
            _packed = SyntheticMatrix.Pack(layout, new MemoryLedger(), pool);
        }

        CudaMemoryPools pools = new(context, new MemoryLedger());
        _stream = new(context) { SynchronizesLaunches = launchByLaunch };
        try
        {
            for (int copy = 0; copy < Copies; copy++)
            {
                _matrices[copy] = new(pools.Weights, layout);
                _matrices[copy]!.CopyFrom(_packed);
            }

            _inputs = new(pools.Workspace, (long)mostInputs * _inputPitch);
            _outputs = new(pools.Workspace, (long)mostInputs * layout.Rows);
            _start = new(context);
            _end = new(context);
            _product = kernel switch
            {
                CudaKernelBench.CuBlas => new CuBlasProduct(pools, _stream, kernels.Tables, layout.Format),
                CudaKernelBench.Tiled => new TiledProduct(pools, _stream, kernels.Tiled),
                _ => new OwnProduct(kernels.Linear),
            };
            _inputs.CopyToDevice(Inputs());
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc />
    public long BytesPerProduct => _layout.TotalBytes;

    /// <inheritdoc />
    public int Copies => _matrices.Length;

    /// <summary>Products of a replay: whole rotations.</summary>
    private int Nodes => (LeastNodes + Copies - 1) / Copies * Copies;

    /// <inheritdoc />
    public MatrixRun Run(int inputs, int products, bool rotates)
    {
        using CudaContextScope scope = _context.Use();
        int replays = (products + Nodes - 1) / Nodes;
        CudaGraphExec? graph = _launchByLaunch ? null : Graph(inputs, rotates);
        _start!.Record(_stream);
        for (int replay = 0; replay < replays; replay++)
        {
            if (graph is null)
            {
                Queue(inputs, rotates);
            }
            else
            {
                graph.Launch(_stream);
            }
        }

        _end!.Record(_stream);
        _end.Synchronize();
        return new(replays * Nodes, CudaEvent.ElapsedMilliseconds(_start, _end) / 1000.0);
    }

    /// <inheritdoc />
    public double RelativeError(int inputs)
    {
        using CudaContextScope scope = _context.Use();
        _outputs!.FillAsync(0xFF, _stream);
        _product!.Queue(_stream, _matrices[0]!, _inputs!.DevicePointer, _inputPitch, _outputs.DevicePointer, inputs);
        _stream.Synchronize();
        float[] outputs = _outputs.ToArray();
        return SyntheticMatrix.RelativeError(_packed, inputs, HalfInput, (input, row) => outputs[((long)input * _layout.Rows) + row]);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        // Not all of them exist where memory ran out on the way.
        foreach (CudaGraphExec graph in _graphs.Values)
        {
            graph.Dispose();
        }

        foreach (DeviceMatrix? matrix in _matrices)
        {
            matrix?.Dispose();
        }

        (_product as IDisposable)?.Dispose();
        _inputs?.Dispose();
        _outputs?.Dispose();
        _start?.Dispose();
        _end?.Dispose();
        _stream.Dispose();
        _packed.Dispose();
    }

    private CudaGraphExec Graph(int inputs, bool rotates)
    {
        if (!_graphs.TryGetValue((inputs, rotates), out CudaGraphExec? graph))
        {
            // cuBLAS picks its kernel at the first call, which must not be recorded.
            _product!.Queue(_stream, _matrices[0]!, _inputs!.DevicePointer, _inputPitch, _outputs!.DevicePointer, inputs);
            graph = new GraphRecorder(_context, _stream).Capture(() => Queue(inputs, rotates));
            _graphs.Add((inputs, rotates), graph);
        }

        return graph;
    }

    private void Queue(int inputs, bool rotates)
    {
        for (int node = 0; node < Nodes; node++)
        {
            DeviceMatrix matrix = _matrices[rotates ? node % Copies : 0]!;
            _product!.Queue(_stream, matrix, _inputs!.DevicePointer, _inputPitch, _outputs!.DevicePointer, inputs);
        }
    }

    private ushort[] Inputs()
    {
        ushort[] all = new ushort[_mostInputs * _inputPitch];
        for (int input = 0; input < _mostInputs; input++)
        {
            float[] values = HalfInput(input);
            for (int column = 0; column < values.Length; column++)
            {
                all[(input * _inputPitch) + column] = BitConverter.HalfToUInt16Bits((Half)values[column]);
            }
        }

        return all;
    }

    /// <summary>An input as the device gets it: rounded to FP16.</summary>
    private float[] HalfInput(int input)
    {
        float[] values = new float[_layout.Columns];
        SyntheticMatrix.FillInput(input, values);
        return [.. values.Select(value => (float)(Half)value)];
    }
}
