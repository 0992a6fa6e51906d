using System.Reflection;
using System.Runtime.InteropServices;
using GptQuantBench.Cuda.Native;
using GptQuantBench.Cuda.Native.Driver;
using GptQuantBench.Cuda.Native.Nvml;

namespace GptQuantBench.Cuda.Tests.Native;

/// <summary>Struct layouts against those of the C headers on 64-bit systems.</summary>
public sealed unsafe class NativeLayoutTests
{
    [Fact]
    public void CUlaunchConfig()
    {
        LaunchConfig config;
        Assert.Equal(56, sizeof(LaunchConfig));
        Assert.Equal(12, Offset(&config, &config.BlockX));
        Assert.Equal(24, Offset(&config, &config.SharedBytes));
        Assert.Equal(32, Offset(&config, &config.Stream));
        Assert.Equal(40, Offset(&config, &config.Attributes));
        Assert.Equal(48, Offset(&config, &config.AttributeCount));
    }

    [Fact]
    public void CUlaunchAttribute()
    {
        LaunchAttribute attribute;
        Assert.Equal(72, sizeof(LaunchAttribute));
        Assert.Equal(0, Offset(&attribute, &attribute.Id));
        Assert.Equal(8, Offset(&attribute, &attribute.Enabled));
        Assert.Equal(8, Offset(&attribute, &attribute.ClusterX));
        Assert.Equal(16, Offset(&attribute, &attribute.ClusterZ));
    }

    [Fact]
    public void CUgraphExecUpdateResultInfo()
    {
        GraphExecUpdateResultInfo info;
        Assert.Equal(24, sizeof(GraphExecUpdateResultInfo));
        Assert.Equal(8, Offset(&info, &info.ErrorNode));
        Assert.Equal(16, Offset(&info, &info.ErrorFromNode));
    }

    [Fact]
    public void NvmlMemory_v2_t()
    {
        NvmlMemoryV2 memory;
        Assert.Equal(40, sizeof(NvmlMemoryV2));
        Assert.Equal(8, Offset(&memory, &memory.Total));
        Assert.Equal(16, Offset(&memory, &memory.Reserved));
        Assert.Equal(24, Offset(&memory, &memory.Free));
        Assert.Equal(32, Offset(&memory, &memory.Used));
        Assert.Equal(NvmlMemoryV2.Version2, (uint)sizeof(NvmlMemoryV2) | (2u << 24));
    }

    [Fact]
    public void NvmlProcessInfo_t()
    {
        NvmlProcessInfo process;
        Assert.Equal(24, sizeof(NvmlProcessInfo));
        Assert.Equal(8, Offset(&process, &process.UsedGpuMemory));
        Assert.Equal(16, Offset(&process, &process.GpuInstanceId));
    }

    [Fact]
    public void A_device_pointer_is_eight_bytes() => Assert.Equal(8, sizeof(CudaDevicePointer));

    [Fact]
    public void Every_native_call_has_its_exact_name_and_one_of_the_three_libraries()
    {
        MethodInfo[] calls = [.. typeof(CudaContext).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Where(method => method.IsDefined(typeof(DllImportAttribute)))];

        Assert.NotEmpty(calls);
        foreach (MethodInfo call in calls)
        {
            DllImportAttribute import = call.GetCustomAttribute<DllImportAttribute>()!;
            string prefix = import.Value switch
            {
                NativeLibraryName.Driver => "cu",
                NativeLibraryName.CuBlas => "cublas",
                NativeLibraryName.Nvml => "nvml",
                _ => throw new InvalidOperationException($"{call.Name} is imported from {import.Value}."),
            };
            Assert.StartsWith(prefix, import.EntryPoint, StringComparison.Ordinal);
            Assert.Equal(call.Name, import.EntryPoint);
        }
    }

    private static int Offset(void* start, void* field) => (int)((byte*)field - (byte*)start);
}
