namespace GptQuantBench.Cuda;

/// <summary>A version of CUDA, e.g. 13.0.</summary>
/// <param name="Major">Major version.</param>
/// <param name="Minor">Minor version.</param>
public readonly record struct CudaVersion(int Major, int Minor) : IComparable<CudaVersion>
{
    /// <summary>From the number that the driver gives: major × 1000 + minor × 10.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    public static CudaVersion FromNumber(int number)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        return new CudaVersion(number / 1000, number % 1000 / 10);
    }

    public static bool operator <(CudaVersion left, CudaVersion right) => left.CompareTo(right) < 0;

    public static bool operator >(CudaVersion left, CudaVersion right) => left.CompareTo(right) > 0;

    public static bool operator <=(CudaVersion left, CudaVersion right) => left.CompareTo(right) <= 0;

    public static bool operator >=(CudaVersion left, CudaVersion right) => left.CompareTo(right) >= 0;

    /// <inheritdoc />
    public int CompareTo(CudaVersion other) => (Major, Minor).CompareTo((other.Major, other.Minor));

    /// <summary>As written everywhere: <c>13.0</c>.</summary>
    public override string ToString() => $"{Major}.{Minor}";
}
