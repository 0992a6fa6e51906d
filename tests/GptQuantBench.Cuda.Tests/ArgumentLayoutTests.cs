using System.Runtime.InteropServices;

namespace GptQuantBench.Cuda.Tests;

public sealed class ArgumentLayoutTests
{
    [Fact]
    public void Fields_lie_where_C_puts_them()
    {
        Assert.Equal([0, 8, 12, 16, 24, 26], ArgumentLayout<Mixed>.Offsets);
        Assert.Equal([8, 4, 1, 8, 2, 2], ArgumentLayout<Mixed>.Sizes);
        Assert.Null(ArgumentLayout<Mixed>.Problem);
    }

    [Fact]
    public unsafe void Offsets_are_those_of_the_compiler()
    {
        Mixed value;
        Assert.Equal((byte*)&value.Double - (byte*)&value, ArgumentLayout<Mixed>.Offsets[3]);
        Assert.Equal((byte*)&value.Half - (byte*)&value, ArgumentLayout<Mixed>.Offsets[4]);
    }

    [Fact]
    public void A_record_struct_has_its_parameters_in_order() => Assert.Equal([0, 8, 16], ArgumentLayout<Record>.Offsets);

    [Fact]
    public void A_struct_by_value_is_one_parameter() => Assert.Equal([12, 4], ArgumentLayout<Nested>.Sizes);

    [Fact]
    public void A_single_value_is_one_parameter()
    {
        Assert.Equal([0], ArgumentLayout<int>.Offsets);
        Assert.Equal([4], ArgumentLayout<int>.Sizes);
        Assert.Equal([8], ArgumentLayout<CudaDevicePointer>.Sizes);
    }

    [Fact]
    public void Layouts_that_C_does_not_have_are_refused()
    {
        Assert.Contains("Packed cannot hold kernel arguments", ArgumentLayout<Packed>.Problem, StringComparison.Ordinal);
        Assert.NotNull(ArgumentLayout<(long, int)>.Problem);
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Mixed
    {
        public CudaDevicePointer Pointer;
        public int Count;
        public byte Flag;
        public double Double;
        public Half Half;
        public short Short;
    }

    private readonly record struct Record(CudaDevicePointer Input, CudaDevicePointer Output, int Count);

    private readonly record struct Nested(Dim3 Extent, float Scale);

    [StructLayout(LayoutKind.Sequential, Pack = 1)]
    private struct Packed
    {
        public byte Flag;
        public long Value;
    }
}
