using GptQuantBench.Cuda.Native.Driver;

namespace GptQuantBench.Cuda;

/// <summary>A kernel of a module. Launching allocates nothing; its context must be current on the calling thread.</summary>
public sealed unsafe class CudaKernel
{
    private const int MaxLaunchAttributes = 3;

    private static readonly CudaVersion _launchExVersion = new(11, 8);
    private static readonly CudaVersion _parameterInfoVersion = new(12, 4);

    private readonly CudaModule _module;
    private readonly nint _function;

    internal CudaKernel(CudaModule module, string name)
    {
        _module = module;
        Name = name;
        _function = module.GetFunction(name);
    }

    /// <summary>Name in the PTX.</summary>
    public string Name { get; }

    /// <summary>Registers per thread.</summary>
    public int RegisterCount => GetAttribute(CudaFunctionAttribute.RegisterCount);

    /// <summary>Local memory per thread, bytes: spilled registers and arrays that did not fit registers.</summary>
    public int LocalBytes => GetAttribute(CudaFunctionAttribute.LocalSizeBytes);

    /// <summary>Static shared memory per block, bytes.</summary>
    public int StaticSharedBytes => GetAttribute(CudaFunctionAttribute.SharedSizeBytes);

    /// <summary>Threads that a block can have at most.</summary>
    public int MaxThreadsPerBlock => GetAttribute(CudaFunctionAttribute.MaxThreadsPerBlock);

    /// <summary>Dynamic shared memory that a launch may ask for, bytes; set it for more than 48 KiB.</summary>
    public int MaxDynamicSharedBytes
    {
        get => GetAttribute(CudaFunctionAttribute.MaxDynamicSharedSizeBytes);
        set => SetAttribute(CudaFunctionAttribute.MaxDynamicSharedSizeBytes, value);
    }

    private nint Function
    {
        get
        {
            _ = _module.Handle; // Throws where the module, and with it the function, is gone.
            return _function;
        }
    }

    /// <summary>A property of the kernel.</summary>
    public int GetAttribute(CudaFunctionAttribute attribute)
    {
        using CudaContextScope scope = _module.Context.Use();
        int value;
        DriverError.Check(FunctionNative.cuFuncGetAttribute(&value, attribute, Function));
        return value;
    }

    /// <summary>Changes a settable property of the kernel.</summary>
    public void SetAttribute(CudaFunctionAttribute attribute, int value)
    {
        using CudaContextScope scope = _module.Context.Use();
        DriverError.Check(FunctionNative.cuFuncSetAttribute(Function, attribute, value));
    }

    /// <summary>Blocks of this kernel that one multiprocessor can hold at once.</summary>
    /// <param name="blockSize">Threads per block.</param>
    /// <param name="dynamicSharedBytes">Dynamic shared memory per block.</param>
    public int GetMaxActiveBlocksPerMultiprocessor(int blockSize, int dynamicSharedBytes = 0)
    {
        using CudaContextScope scope = _module.Context.Use();
        int blocks;
        DriverError.Check(
            FunctionNative.cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, Function, blockSize, checked((nuint)dynamicSharedBytes)));
        return blocks;
    }

    /// <summary>Clusters of this kernel that the device can hold at once.</summary>
    /// <param name="shape">A shape with a cluster.</param>
    public int GetMaxActiveClusters(in LaunchShape shape)
    {
        using CudaContextScope scope = _module.Context.Use();
        CudaDriver.Require(_launchExVersion, nameof(FunctionNative.cuOccupancyMaxActiveClusters));
        LaunchAttribute* attributes = stackalloc LaunchAttribute[MaxLaunchAttributes];
        LaunchConfig config = Configure(shape, 0, attributes);
        int clusters;
        DriverError.Check(FunctionNative.cuOccupancyMaxActiveClusters(&clusters, Function, &config));
        return clusters;
    }

    /// <summary>
    /// Throws unless the fields of an argument struct are this kernel's parameters: number, offsets, sizes. Drivers before CUDA 12.4
    /// cannot be asked, and then nothing is checked.
    /// </summary>
    /// <exception cref="ArgumentException">They differ.</exception>
    public void RequireArguments<TArguments>()
        where TArguments : unmanaged
    {
        if (CudaDriver.Version < _parameterInfoVersion)
        {
            return;
        }

        int[] offsets = Offsets<TArguments>();
        int[] sizes = ArgumentLayout<TArguments>.Sizes;
        nuint origin = 0; // offset of the first parameter: not 0 where it is aligned to more than 16 bytes
        using CudaContextScope scope = _module.Context.Use();
        for (int i = 0; i <= offsets.Length; i++)
        {
            nuint offset;
            nuint size;
            bool exists = FunctionNative.cuFuncGetParamInfo(Function, (nuint)i, &offset, &size) == CudaResult.Success;
            origin = i == 0 && exists ? offset : origin;
            offset -= exists ? origin : 0;
            if (exists != (i < offsets.Length) || (exists && (offset != (nuint)offsets[i] || size != (nuint)sizes[i])))
            {
                string expected = exists ? $"{size} bytes at offset {offset}" : "nothing";
                string given = i < offsets.Length ? $"{sizes[i]} bytes at offset {offsets[i]}" : "nothing";
                throw new ArgumentException(
                    $"Parameter {i} of the kernel {Name} is {expected} but {typeof(TArguments).Name} has {given}, "
                    + "so make the struct match the kernel.");
            }
        }
    }

    /// <summary>Queues the kernel.</summary>
    /// <param name="stream">Where.</param>
    /// <param name="shape">How.</param>
    /// <param name="arguments">
    /// The parameters: a struct with one field per parameter, in order (<see cref="RequireArguments{TArguments}"/> checks it), or the
    /// value of a single one.
    /// </param>
    /// <exception cref="CudaException">The launch is not possible; a fault while the kernel runs is reported by a later call.</exception>
    public void Launch<TArguments>(CudaStream stream, in LaunchShape shape, in TArguments arguments)
        where TArguments : unmanaged
    {
        int[] offsets = Offsets<TArguments>();
        void** parameters = stackalloc void*[offsets.Length];
        fixed (TArguments* first = &arguments)
        {
            for (int i = 0; i < offsets.Length; i++)
            {
                parameters[i] = (byte*)first + offsets[i];
            }

            Launch(stream, shape, parameters);
        }
    }

    /// <summary>Queues a kernel without parameters.</summary>
    public void Launch(CudaStream stream, in LaunchShape shape) => Launch(stream, shape, (void**)null);

    /// <summary>Queues the kernel with the addresses of its parameters, as <c>cuLaunchKernel</c> takes them.</summary>
    public void Launch(CudaStream stream, in LaunchShape shape, void** parameters)
    {
        ArgumentNullException.ThrowIfNull(stream);
        nint function = Function;
        nint handle = stream.Handle;
        Dim3 grid = shape.Grid;
        Dim3 block = shape.Block;
        bool extended = shape.ProgrammaticStreamSerialization || shape.Cluster != default;
        CudaResult result;
        string call;
        if (extended)
        {
            call = nameof(FunctionNative.cuLaunchKernelEx);
            CudaDriver.Require(_launchExVersion, call);
            LaunchAttribute* attributes = stackalloc LaunchAttribute[MaxLaunchAttributes];
            LaunchConfig config = Configure(shape, handle, attributes);
            result = FunctionNative.cuLaunchKernelEx(&config, function, parameters, null);
        }
        else if (shape.Cooperative)
        {
            call = nameof(FunctionNative.cuLaunchCooperativeKernel);
            result = FunctionNative.cuLaunchCooperativeKernel(
                function,
                (uint)grid.X,
                (uint)grid.Y,
                (uint)grid.Z,
                (uint)block.X,
                (uint)block.Y,
                (uint)block.Z,
                (uint)shape.DynamicSharedBytes,
                handle,
                parameters);
        }
        else
        {
            call = nameof(FunctionNative.cuLaunchKernel);
            result = FunctionNative.cuLaunchKernel(
                function,
                (uint)grid.X,
                (uint)grid.Y,
                (uint)grid.Z,
                (uint)block.X,
                (uint)block.Y,
                (uint)block.Z,
                (uint)shape.DynamicSharedBytes,
                handle,
                parameters,
                null);
        }

        if (result != CudaResult.Success)
        {
            throw LaunchError(result, call, shape);
        }

        stream.EndLaunch(Name);
        GC.KeepAlive(_module);
        GC.KeepAlive(stream);
    }

    private static int[] Offsets<TArguments>()
        where TArguments : unmanaged =>
        ArgumentLayout<TArguments>.Problem is { } problem ? throw new ArgumentException(problem) : ArgumentLayout<TArguments>.Offsets;

    private static LaunchConfig Configure(in LaunchShape shape, nint stream, LaunchAttribute* attributes)
    {
        uint count = 0;
        if (shape.Cooperative)
        {
            attributes[count++] = new LaunchAttribute { Id = LaunchAttributeId.Cooperative, Enabled = 1 };
        }

        if (shape.ProgrammaticStreamSerialization)
        {
            attributes[count++] = new LaunchAttribute { Id = LaunchAttributeId.ProgrammaticStreamSerialization, Enabled = 1 };
        }

        if (shape.Cluster != default)
        {
            attributes[count++] = new LaunchAttribute
            {
                Id = LaunchAttributeId.ClusterDimension,
                ClusterX = (uint)shape.Cluster.X,
                ClusterY = (uint)shape.Cluster.Y,
                ClusterZ = (uint)shape.Cluster.Z,
            };
        }

        return new LaunchConfig
        {
            GridX = (uint)shape.Grid.X,
            GridY = (uint)shape.Grid.Y,
            GridZ = (uint)shape.Grid.Z,
            BlockX = (uint)shape.Block.X,
            BlockY = (uint)shape.Block.Y,
            BlockZ = (uint)shape.Block.Z,
            SharedBytes = (uint)shape.DynamicSharedBytes,
            Stream = stream,
            Attributes = attributes,
            AttributeCount = count,
        };
    }

    private CudaException LaunchError(CudaResult result, string call, in LaunchShape shape) => DriverError.Create(
        result,
        call,
        $"{DriverError.Describe(result)} for the kernel {Name}, grid {shape.Grid}, block {shape.Block}, "
        + $"{shape.DynamicSharedBytes} bytes of dynamic shared memory");
}
