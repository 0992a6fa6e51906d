namespace GptQuantBench.Cuda.Native.Driver;

/// <summary><c>CUlaunchAttributeID</c>: the attributes in use.</summary>
internal enum LaunchAttributeId
{
    Cooperative = 2,
    ClusterDimension = 4,
    ProgrammaticStreamSerialization = 6,
}
