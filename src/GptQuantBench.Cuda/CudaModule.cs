using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using GptQuantBench.Cuda.Native.Driver;

namespace GptQuantBench.Cuda;

/// <summary>Kernels and variables made from one PTX text.</summary>
public sealed unsafe class CudaModule : IDisposable
{
    private const int LogBytes = 64 * 1024;

    private readonly ContextObjectHandle _handle;

    /// <summary>Lets the driver make machine code from PTX, or take it from its cache.</summary>
    /// <param name="context">The context.</param>
    /// <param name="ptx">The text, with or without a final zero byte; a cubin or fatbin is taken too.</param>
    /// <param name="name">Name for messages, e.g. the file's.</param>
    /// <param name="options">How; null for the driver's defaults.</param>
    /// <exception cref="CudaJitException">The driver rejects the PTX.</exception>
    public CudaModule(CudaContext context, ReadOnlySpan<byte> ptx, string name, JitOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(context);
        Context = context;
        Name = name;
        using CudaContextScope scope = context.Use();

        nuint imageBytes = (nuint)ptx.Length + 1;
        byte* buffers = (byte*)NativeMemory.AllocZeroed((2 * LogBytes) + imageBytes);
        try
        {
            byte* info = buffers;
            byte* error = buffers + LogBytes;
            byte* image = buffers + (2 * LogBytes);
            ptx.CopyTo(new Span<byte>(image, ptx.Length));

            // An option value is a void*: pointers as they are, numbers in its low bytes.
            const int Capacity = 8;
            JitOption* keys = stackalloc JitOption[Capacity];
            nuint* values = stackalloc nuint[Capacity];
            uint count = 0;
            void Add(JitOption key, nuint value)
            {
                keys[count] = key;
                values[count++] = value;
            }

            Add(JitOption.WallTime, 0);
            Add(JitOption.InfoLogBuffer, (nuint)info);
            Add(JitOption.InfoLogBufferSizeBytes, LogBytes);
            Add(JitOption.ErrorLogBuffer, (nuint)error);
            Add(JitOption.ErrorLogBufferSizeBytes, LogBytes);
            Add(JitOption.LogVerbose, 1);
            if (options?.MaxRegisters is { } registers)
            {
                Add(JitOption.MaxRegisters, checked((nuint)registers));
            }

            if (options?.GenerateLineInfo == true)
            {
                Add(JitOption.GenerateLineInfo, 1);
            }

            nint module;
            long start = Stopwatch.GetTimestamp();
            CudaResult result = ModuleNative.cuModuleLoadDataEx(&module, image, count, keys, values);
            JitTime = Stopwatch.GetElapsedTime(start);
            InfoLog = Text(info);
            if (result != CudaResult.Success)
            {
                string log = Text(error);
                string message = JitMessage(name, result, DriverError.Describe(result), log);
                throw new CudaJitException(message, nameof(ModuleNative.cuModuleLoadDataEx), result, log);
            }

            // The driver writes a float into the first bytes of the slot.
            CompileTime = TimeSpan.FromMilliseconds(*(float*)values);
            _handle = new ContextObjectHandle(module, context.Handle, typeof(CudaModule), ModuleNative.cuModuleUnload);
        }
        finally
        {
            NativeMemory.Free(buffers);
        }
    }

    /// <summary>The context.</summary>
    public CudaContext Context { get; }

    /// <summary>Name for messages.</summary>
    public string Name { get; }

    /// <summary>Wall time of the load: compilation, or reading the driver's cache, and copying the code to the device.</summary>
    public TimeSpan JitTime { get; }

    /// <summary>The part of it that the driver says its compiler took; zero where the code came from its cache.</summary>
    public TimeSpan CompileTime { get; }

    /// <summary>The compiler's notes (registers, spills); empty where the code came from the driver's cache.</summary>
    public string InfoLog { get; }

    /// <summary>The native module (<c>CUmodule</c>).</summary>
    internal nint Handle => _handle.Value;

    /// <summary>A kernel by the name it has in the PTX.</summary>
    /// <exception cref="CudaException">The module has no such kernel.</exception>
    public CudaKernel GetKernel(string name) => new(this, name);

    /// <summary>A <c>__device__</c> or <c>__constant__</c> variable by the name it has in the PTX.</summary>
    /// <param name="name">The name.</param>
    /// <param name="byteCount">Its size.</param>
    /// <exception cref="CudaException">The module has no such variable.</exception>
    public CudaDevicePointer GetGlobal(string name, out long byteCount)
    {
        using CudaContextScope scope = Context.Use();
        ulong address;
        nuint bytes;
        fixed (byte* text = Terminated(name))
        {
            CheckFound(ModuleNative.cuModuleGetGlobal_v2(&address, &bytes, Handle, text), name);
        }

        byteCount = (long)bytes;
        return new CudaDevicePointer(address);
    }

    /// <summary>Unloads the module; its kernels must not be launched any more.</summary>
    public void Dispose() => _handle.Dispose();

    /// <summary>The native function of a kernel.</summary>
    internal nint GetFunction(string name)
    {
        using CudaContextScope scope = Context.Use();
        nint function;
        fixed (byte* text = Terminated(name))
        {
            CheckFound(ModuleNative.cuModuleGetFunction(&function, Handle, text), name);
        }

        return function;
    }

    /// <summary>One sentence with the first line of the compiler's log.</summary>
    internal static string JitMessage(string name, CudaResult result, string description, string log)
    {
        string first = log.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).FirstOrDefault() ?? "";
        string detail = first.Length == 0 ? "" : $": {first.TrimEnd('.')}";
        string advice = result == CudaResult.UnsupportedPtxVersion ? ", so update the NVIDIA driver" : "";
        return $"cuModuleLoadDataEx could not compile {name} for this device, {description}{detail}{advice}.";
    }

    private static string Text(byte* log) => Marshal.PtrToStringUTF8((nint)log)!;

    private static byte[] Terminated(string name) => Encoding.UTF8.GetBytes(name + '\0');

    private void CheckFound(
        CudaResult result,
        string name,
        [CallerArgumentExpression(nameof(result))] string expression = "")
    {
        if (result == CudaResult.Success)
        {
            return;
        }

        string call = DriverError.CallName(expression);
        if (result == CudaResult.NotFound)
        {
            throw new CudaException(
                $"{call} finds no {name} in the module {Name}, so make its PTX from the matching source.",
                call,
                result);
        }

        DriverError.Throw(result, call);
    }
}
