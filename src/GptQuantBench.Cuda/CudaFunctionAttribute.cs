using System.Diagnostics.CodeAnalysis;

namespace GptQuantBench.Cuda;

/// <summary><c>CUfunction_attribute</c>: properties of a kernel.</summary>
[SuppressMessage("Naming", "CA1711", Justification = "The driver's own name.")]
public enum CudaFunctionAttribute
{
    /// <summary>Threads that a block can have at most, given the registers in use.</summary>
    MaxThreadsPerBlock = 0,

    /// <summary>Statically allocated shared memory per block, bytes.</summary>
    SharedSizeBytes = 1,

    /// <summary>Constant memory, bytes.</summary>
    ConstSizeBytes = 2,

    /// <summary>Local memory per thread, bytes: spilled registers and arrays that did not fit registers.</summary>
    LocalSizeBytes = 3,

    /// <summary>Registers per thread.</summary>
    RegisterCount = 4,

    /// <summary>Architecture that the PTX was made for, major × 10 + minor.</summary>
    PtxVersion = 5,

    /// <summary>Architecture of the machine code, major × 10 + minor.</summary>
    BinaryVersion = 6,

    /// <summary>Dynamic shared memory that a launch may ask for, bytes. Settable.</summary>
    MaxDynamicSharedSizeBytes = 8,

    /// <summary>Preferred share of shared memory in the L1 cache, percent, or −1. Settable.</summary>
    PreferredSharedMemoryCarveout = 9,

    /// <summary>Whether cluster sizes above 8 are allowed. Settable.</summary>
    NonPortableClusterSizeAllowed = 14,
}
