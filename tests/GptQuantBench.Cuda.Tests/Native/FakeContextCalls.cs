using GptQuantBench.Cuda.Native.Driver;

namespace GptQuantBench.Cuda.Tests.Native;

/// <summary>Writes down what happens to a context.</summary>
internal sealed class FakeContextCalls : IContextCalls
{
    public List<string> Log { get; } = [];

    public CudaResult PushResult { get; set; }

    public CudaResult Push(nint context)
    {
        Log.Add($"push {context}");
        return PushResult;
    }

    public CudaResult Pop()
    {
        Log.Add("pop");
        return CudaResult.Success;
    }

    public CudaResult Release(int device)
    {
        Log.Add($"release device {device}");
        return CudaResult.Success;
    }
}
