namespace GptQuantBench.Cuda;

/// <summary><c>nvmlReturn_t</c>: the values that are told apart; any other value is kept as a number.</summary>
public enum NvmlReturn
{
    Success = 0,
    Uninitialized = 1,
    InvalidArgument = 2,
    NotSupported = 3,
    NoPermission = 4,
    NotFound = 6,
    InsufficientSize = 7,
    DriverNotLoaded = 9,
    FunctionNotFound = 13,
    GpuIsLost = 15,
    LibraryVersionMismatch = 18,
    ArgumentVersionMismatch = 25,
    Unknown = 999,
}
