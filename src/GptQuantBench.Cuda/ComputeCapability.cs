namespace GptQuantBench.Cuda;

/// <summary>Architecture of a device, e.g. 9.0.</summary>
/// <param name="Major">Major version.</param>
/// <param name="Minor">Minor version.</param>
public readonly record struct ComputeCapability(int Major, int Minor)
{
    /// <summary>Major × 10 + minor, as in <c>sm_90</c>.</summary>
    public int Sm => (Major * 10) + Minor;

    /// <summary>As written everywhere: <c>9.0</c>.</summary>
    public override string ToString() => $"{Major}.{Minor}";
}
