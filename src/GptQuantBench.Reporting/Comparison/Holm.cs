namespace GptQuantBench.Reporting.Comparison;

/// <summary>S. Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6, 1979.</summary>
internal static class Holm
{
    /// <summary>Adjusted p values in the order given: those at most α are rejected, with a probability of at most α for any wrong one.</summary>
    public static double[] Adjust(IReadOnlyList<double> pValues)
    {
        var adjusted = new double[pValues.Count];
        double largest = 0;
        int rest = pValues.Count;
        foreach (int index in Enumerable.Range(0, pValues.Count).OrderBy(index => pValues[index]))
        {
            largest = Math.Max(largest, Math.Min(1, rest * pValues[index]));
            adjusted[index] = largest;
            rest--;
        }

        return adjusted;
    }
}
