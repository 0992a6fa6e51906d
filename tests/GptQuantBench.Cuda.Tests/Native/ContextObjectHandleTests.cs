using System.Runtime.CompilerServices;
using GptQuantBench.Cuda.Native.Driver;

namespace GptQuantBench.Cuda.Tests.Native;

public sealed class ContextObjectHandleTests : IDisposable
{
    private readonly FakeContextCalls _calls = new();
    private readonly ContextHandle _context;

    public ContextObjectHandleTests() => _context = new ContextHandle(7, 3, _calls);

    [Fact]
    public void An_object_is_destroyed_once_in_its_context()
    {
        ContextObjectHandle handle = Create(100);
        Assert.Equal(100, handle.Value);

        handle.Dispose();
        handle.Dispose();

        Assert.Equal(["push 7", "destroy 100", "pop"], _calls.Log);
    }

    [Fact]
    public void A_context_lives_as_long_as_its_last_object()
    {
        ContextObjectHandle first = Create(1);
        ContextObjectHandle second = Create(2);

        _context.Dispose();
        first.Dispose();
        Assert.DoesNotContain("release device 3", _calls.Log);
        second.Dispose();

        Assert.Equal(["push 7", "destroy 1", "pop", "push 7", "destroy 2", "pop", "release device 3"], _calls.Log);
    }

    [Fact]
    public void Use_after_Dispose_names_the_type()
    {
        ContextObjectHandle handle = Create(1);
        handle.Dispose();

        ObjectDisposedException error = Assert.Throws<ObjectDisposedException>(() => handle.Value);
        Assert.Equal(typeof(CudaStream).FullName, error.ObjectName);
    }

    [Fact]
    public void A_context_given_back_cannot_be_used()
    {
        _context.Dispose();

        Assert.Throws<ObjectDisposedException>(() => _context.Value);
        Assert.Throws<ObjectDisposedException>(() => Create(1));
    }

    [Fact]
    public void After_a_fault_an_object_is_let_go_without_an_exception()
    {
        _calls.PushResult = CudaResult.IllegalAddress;
        ContextObjectHandle handle = new(5, _context, typeof(CudaStream), value =>
        {
            _calls.Log.Add($"destroy {value}");
            return CudaResult.IllegalAddress;
        });

        handle.Dispose();
        _context.Dispose();

        Assert.Equal(["push 7", "destroy 5", "release device 3"], _calls.Log);
    }

    [Fact]
    public void A_forgotten_object_is_destroyed_by_the_finalizer()
    {
        Forget();
        GC.Collect();
        GC.WaitForPendingFinalizers();

        Assert.Equal(["push 7", "destroy 9", "pop"], _calls.Log);

        [MethodImpl(MethodImplOptions.NoInlining)]
        void Forget() => Create(9);
    }

    public void Dispose() => _context.Dispose();

    private ContextObjectHandle Create(nint value) => new(value, _context, typeof(CudaStream), destroyed =>
    {
        _calls.Log.Add($"destroy {destroyed}");
        return CudaResult.Success;
    });
}
