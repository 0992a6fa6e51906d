namespace GptQuantBench.Cuda.Native.CuBlas;

/// <summary><c>libraryPropertyType</c>: the parts of a version.</summary>
internal enum LibraryProperty
{
    Major = 0,
    Minor = 1,
    Patch = 2,
}
