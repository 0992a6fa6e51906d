using GptQuantBench.Inference.Quantization.Calibration;

namespace GptQuantBench.Inference.Tests.Quantization.Calibration;

public class HeadMomentsTests
{
    private const int Tokens = 300, Width = 12, Vocabulary = 1200;

    /// <summary>
    /// With likely and unlikely tokens, each row's moments are the mean of h·hᵀ weighted by p·(1 − p) where the row's token is likely,
    /// the mean of all rows for the rest, and the share for the embedding's use as input on the diagonal.
    /// </summary>
    [Fact]
    public void Each_row_has_the_moments_of_the_places_that_ask_for_it()
    {
        Random random = new(3);
        float[] states = [.. Enumerable.Range(0, Tokens * Width).Select(_ => 4 * (random.NextSingle() - 0.5f))];
        float[] table = [.. Enumerable.Range(0, Vocabulary * Width).Select(_ => 3 * (random.NextSingle() - 0.5f))];
        HeadMoments moments = new(states, table, Width);

        double[][] probabilities = [.. Enumerable.Range(0, Tokens).Select(Probabilities)];
        double[] shared = Weighted(place => 1 - probabilities[place].Sum(p => p * p));
        double added = 0.3 * Enumerable.Range(0, Width).Sum(i => shared[(i * Width) + i]) / Width;
        float[]? buffer = null;
        int[] rows = [0, 17, Vocabulary - 1];
        Assert.Contains(rows, row => probabilities.Any(place => place[row] > 0.01));
        foreach (int row in rows)
        {
            double rest = 1 + probabilities.Where(place => place[row] < 1e-3).Sum(place => place[row]);
            double[] weights = [.. probabilities.Select(place => place[row] < 1e-3 ? 0 : place[row] * (1 - place[row]))];
            double sum = rest + weights.Sum();
            double[] own = weights.Sum() == 0 ? new double[Width * Width] : Weighted(place => weights[place]);
            float[] actual = moments.Of(row, ref buffer);
            for (int i = 0; i < actual.Length; i++)
            {
                double expected = ((rest * shared[i]) + (weights.Sum() * own[i])) / sum;
                Assert.Equal(expected + (i % (Width + 1) == 0 ? added : 0), actual[i], 1e-3);
            }
        }

        double[] Probabilities(int place)
        {
            double[] odds = [.. Enumerable.Range(0, Vocabulary)
                .Select(row => Math.Exp(Enumerable.Range(0, Width).Sum(i => (double)states[(place * Width) + i] * table[(row * Width) + i])))];
            double sum = odds.Sum();
            return [.. odds.Select(value => value / sum)];
        }

        double[] Weighted(Func<int, double> weight)
        {
            double[] mean = new double[Width * Width];
            double total = Enumerable.Range(0, Tokens).Sum(weight);
            for (int place = 0; place < Tokens; place++)
            {
                for (int i = 0; i < mean.Length; i++)
                {
                    mean[i] += weight(place) / total * states[(place * Width) + (i / Width)] * states[(place * Width) + (i % Width)];
                }
            }

            return mean;
        }
    }
}
