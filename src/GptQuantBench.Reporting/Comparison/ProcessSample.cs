namespace GptQuantBench.Reporting.Comparison;

/// <summary>The natural logarithms of the process medians of one metric of one case in both runs, in the order in which they ran.</summary>
/// <param name="Base">Of the base run.</param>
/// <param name="New">Of the new run.</param>
internal sealed record ProcessSample(double[] Base, double[] New)
{
    /// <summary>Logarithms, because noise and slowdowns are factors.</summary>
    public static ProcessSample Of(IEnumerable<double> baseMedians, IEnumerable<double> newMedians) =>
        new([.. baseMedians.Select(value => Math.Log(value))], [.. newMedians.Select(value => Math.Log(value))]);

    /// <summary>Processes between the middle of the base run and the middle of the new one, where the new follows at once.</summary>
    public double Distance => (Base.Length + New.Length) / 2.0;

    /// <summary>True where both sides have enough processes for a verdict.</summary>
    public bool IsLargeEnough => Base.Length >= ComparisonOptions.MinimumProcesses && New.Length >= ComparisonOptions.MinimumProcesses;
}
