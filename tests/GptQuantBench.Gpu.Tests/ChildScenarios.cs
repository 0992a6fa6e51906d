using GptQuantBench.Cuda;
using GptQuantBench.Gpu.Tests.Backends;

namespace GptQuantBench.Gpu.Tests;

/// <summary>What must run in a process of its own; each prints <c>word: value</c> lines for the test that started it.</summary>
internal static class ChildScenarios
{
    public const string Fault = "fault";
    public const string Clean = "clean";
    public const string Lifetime = "lifetime";
    public const string Reset = "reset";

    /// <summary>Runs a scenario.</summary>
    /// <returns>The exit code: 0, or 2 for an unknown name.</returns>
    public static int Run(string scenario)
    {
        Action? run = scenario switch
        {
            Fault => RunFault,
            Clean => RunClean,
            Lifetime => RunLifetime,
            Reset => RunReset,
            _ when scenario.StartsWith(FaultScenario.Prefix + ',', StringComparison.Ordinal) => () => FaultScenario.Run(scenario),
            _ => null,
        };
        run?.Invoke();
        return run is null ? 2 : 0;
    }

    private static void RunFault()
    {
        using CudaContext context = new(CudaDevice.Get(0));
        context.MakeCurrent();
        using CudaStream stream = new(context);
        using CudaModule module = new(context, Ptx.Baseline, nameof(Ptx.Baseline));
        using CudaDeviceVariable<int> memory = new(context, 1024);
        const ulong NobodysAddress = 0x10;
        module.GetKernel("write_at").Launch(stream, new LaunchShape(1, 1), new CudaDevicePointer(NobodysAddress));
        Print("first", stream.Synchronize);
        Print("second", () => memory.CopyToHost(new int[1024]));
    }

    private static void RunClean()
    {
        using CudaContext context = new(CudaDevice.Get(0));
        context.MakeCurrent();
        using CudaDeviceVariable<int> memory = new(context, 3);
        memory.CopyToDevice([1, 2, 3]);
        Console.WriteLine($"content: {string.Join(',', memory.ToArray())}");
    }

    private static void RunLifetime()
    {
        CudaDevice device = CudaDevice.Get(0);
        Console.WriteLine($"before: {device.IsPrimaryContextActive}");
        CudaContext first = new(device);
        CudaContext second = new(device);
        CudaDeviceVariable<int> memory = new(first, 1024);
        Console.WriteLine($"retained: {device.IsPrimaryContextActive}");
        second.Dispose();
        first.Dispose();
        Console.WriteLine($"held by memory: {device.IsPrimaryContextActive}");
        memory.Dispose();
        Console.WriteLine($"after: {device.IsPrimaryContextActive}");
    }

    private static void RunReset()
    {
        CudaDevice device = CudaDevice.Get(0);
        using CudaContext context = new(device);
        Console.WriteLine($"creation ms: {context.CreationTime.TotalMilliseconds:F0}");
        using CudaDeviceVariable<int> memory = new(context, 1024);
        using CudaStream stream = new(context);
        device.ResetPrimaryContext();
        Console.WriteLine($"active: {device.IsPrimaryContextActive}");
    }

    private static void Print(string word, Action action)
    {
        try
        {
            action();
            Console.WriteLine($"{word}: no error");
        }
        catch (CudaException e)
        {
            Console.WriteLine($"{word}: {e.IsContextLost} {e.Message}");
        }
    }
}
