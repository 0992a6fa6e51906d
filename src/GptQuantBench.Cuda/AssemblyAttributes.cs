using System.Runtime.CompilerServices;

// Every native signature is blittable; without runtime marshalling a wrong one does not compile.
[assembly: DisableRuntimeMarshalling]
[assembly: InternalsVisibleTo("GptQuantBench.Cuda.Tests")]
