namespace GptQuantBench.Inference.Evaluation;

/// <summary>Estimates with standard errors from per-token values.</summary>
internal static class SampleEstimates
{
    // As in llama.cpp: fewer give no error worth printing.
    private const int LeastForError = 10;

    /// <summary>The mean; error = sample standard deviation / √n.</summary>
    public static Estimate Mean(IReadOnlyList<double> values)
    {
        double mean = values.Average();
        double variance = values.Sum(value => (value - mean) * (value - mean)) / values.Count;
        return new(mean, values.Count < LeastForError ? null : Math.Sqrt(variance / (values.Count - 1)));
    }

    /// <summary>
    /// A quantile, linear between order statistics; error = half the distance of the order statistics √(n·q·(1 − q)) ranks below and
    /// above, which is one standard deviation of the rank.
    /// </summary>
    /// <param name="sorted">Ascending.</param>
    /// <param name="share">q, 0 to 1.</param>
    public static Estimate Quantile(IReadOnlyList<double> sorted, double share)
    {
        double rank = share * (sorted.Count - 1);
        double spread = Math.Sqrt(sorted.Count * share * (1 - share));
        double? error = sorted.Count < LeastForError ? null : (At(rank + spread) - At(rank - spread)) / 2;
        return new(At(rank), error);

        double At(double position)
        {
            double inside = Math.Clamp(position, 0, sorted.Count - 1);
            int below = (int)inside;
            int above = Math.Min(below + 1, sorted.Count - 1);
            return sorted[below] + ((inside - below) * (sorted[above] - sorted[below]));
        }
    }

    /// <summary>The root of the mean square.</summary>
    public static Estimate RootMeanSquare(IEnumerable<double> values)
    {
        Estimate square = Mean([.. values.Select(value => value * value)]);
        double root = Math.Sqrt(square.Value);
        return root == 0 ? new(0, square.StandardError) : square.Map(root, 0.5 / root);
    }

    /// <summary>A share of n; binomial error √(p·(1 − p) / (n − 1)).</summary>
    public static Estimate Share(int hits, int count)
    {
        double share = (double)hits / count;
        return new(share, count < LeastForError ? null : Math.Sqrt(share * (1 - share) / (count - 1)));
    }
}
