using GptQuantBench.Inference.Memory;

namespace GptQuantBench.Inference.Tests.Memory;

public unsafe class NativeBufferTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(4099)]
    [InlineData(3_000_000)]
    public void Counts_its_exact_bytes_until_it_is_disposed(long length)
    {
        MemoryLedger ledger = new();
        NativeBuffer<float> buffer = new(ledger, MemoryCategory.Workspace, length, BufferFill.Zero);
        Assert.Equal(0u, (nuint)buffer.Data % NativeBuffer<float>.Alignment);
        Assert.Equal(4 * length, ledger.Usage.WorkspaceBytes);

        buffer.Dispose();
        buffer.Dispose();
        Assert.Equal(0, ledger.Usage.TotalBytes);
        Assert.Equal(4 * length, ledger.Usage.PeakBytes);
    }

    [Fact]
    public void Is_counted_by_category()
    {
        MemoryLedger ledger = new();
        using NativeBuffer<byte> weights = new(ledger, MemoryCategory.Weights, 3, BufferFill.None);
        using NativeBuffer<short> cache = new(ledger, MemoryCategory.KeyValueCache, 5, BufferFill.None);
        using NativeBuffer<double> workspace = new(ledger, MemoryCategory.Workspace, 7, BufferFill.None);
        Assert.Equal(new MemoryUsage(3, 10, 56, 69), ledger.Usage);
    }

    [Fact]
    public void Zero_and_poison_are_what_they_say()
    {
        MemoryLedger ledger = new();
        using NativeBuffer<float> zeros = new(ledger, MemoryCategory.Workspace, 1001, BufferFill.Zero);
        using NativeBuffer<float> poison = new(ledger, MemoryCategory.Workspace, 1001, BufferFill.Poison);
        Assert.All(zeros.Slice(0, 1001).ToArray(), value => Assert.Equal(0f, value));
        Assert.All(poison.Slice(0, 1001).ToArray(), value => Assert.True(float.IsNaN(value)));
    }

    [Fact]
    public void Memory_that_the_system_refuses_is_one_clear_sentence_and_not_counted()
    {
        MemoryLedger ledger = new();
        InsufficientMemoryException exception = Assert.Throws<InsufficientMemoryException>(
            () => new NativeBuffer<byte>(ledger, MemoryCategory.Weights, long.MaxValue / 2, BufferFill.None));
        Assert.Contains("GB of memory for Weights", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', exception.Message);
        Assert.Equal(0, ledger.Usage.TotalBytes);
    }

    [Fact]
    public void Use_after_dispose_throws()
    {
        NativeBuffer<byte> buffer = new(new MemoryLedger(), MemoryCategory.Workspace, 8, BufferFill.Zero);
        buffer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => buffer.Slice(0, 1).Length);
    }

    [Fact]
    public void A_slice_stays_inside()
    {
        using NativeBuffer<int> buffer = new(new MemoryLedger(), MemoryCategory.Workspace, 8, BufferFill.Zero);
        Assert.Equal(3, buffer.Slice(5, 3).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Slice(6, 3).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Slice(-1, 1).Length);
    }

    [Fact]
    public void The_peak_starts_again_from_what_is_held()
    {
        MemoryLedger ledger = new();
        using NativeBuffer<byte> held = new(ledger, MemoryCategory.Weights, 10, BufferFill.None);
        new NativeBuffer<byte>(ledger, MemoryCategory.Workspace, 90, BufferFill.None).Dispose();
        Assert.Equal(100, ledger.Usage.PeakBytes);
        ledger.ResetPeak();
        Assert.Equal(10, ledger.Usage.PeakBytes);
    }
}
