using GptQuantBench.Inference.Quantization.Calibration;

namespace GptQuantBench.Inference.Tests.Quantization.Calibration;

public class LayerFitTests
{
    private const int Tokens = 400, Columns = 10, Rows = 6;

    /// <summary>
    /// Inputs that shrank, with a shift and some noise, and a residual stream that lags by a linear map of them: the fitted layer makes
    /// most of it good, on average exactly, and the bias takes the means of the rounding too.
    /// </summary>
    [Fact]
    public void A_fitted_layer_makes_good_what_came_before()
    {
        Random random = new(8);
        float[] weights = Uniform(Rows * Columns), bias = Uniform(Rows), lagging = Uniform(Rows * Columns);
        float[] original = Uniform(Tokens * Columns);
        float[] rounded = [.. original.Select((value, i) => (0.8f * value) + (0.1f * (i % Columns)) + (0.05f * (random.NextSingle() - 0.5f)))];
        float[] lag = Outputs(rounded, lagging, new float[Rows]);
        LayerFit fit = new(Columns, Rows);
        int half = Tokens / 2;
        fit.Add(original[..(half * Columns)], rounded[..(half * Columns)], lag[..(half * Rows)]);
        fit.Add(original[(half * Columns)..], rounded[(half * Columns)..], lag[(half * Rows)..]);
        fit.Complete();

        float[] wanted = [.. Outputs(original, weights, bias).Zip(lag, (output, behind) => output + behind)];
        float[] fitted = fit.Weights(weights);
        double before = Error(weights, bias).Sum();
        Assert.InRange(Error(fitted, fit.Bias(weights, bias, fitted)).Sum(), 0, 0.02 * before);

        // Whatever rounding leaves of the weights, the mean output is right.
        float[] coarse = [.. fitted.Select(value => MathF.Round(value * 4) / 4)];
        float[] actual = Outputs(rounded, coarse, fit.Bias(weights, bias, coarse));
        for (int row = 0; row < Rows; row++)
        {
            Assert.Equal(Mean(wanted, row), Mean(actual, row), 1e-4);
        }

        double[] Error(float[] matrix, float[] offsets) =>
            [.. Outputs(rounded, matrix, offsets).Zip(wanted, (value, right) => Math.Pow(value - right, 2))];

        float[] Uniform(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
    }

    private static double Mean(float[] outputs, int row) => Enumerable.Range(0, Tokens).Average(token => (double)outputs[(token * Rows) + row]);

    private static float[] Outputs(float[] inputs, float[] matrix, float[] bias) =>
    [
        .. from token in Enumerable.Range(0, Tokens)
           from row in Enumerable.Range(0, Rows)
           select bias[row] + Enumerable.Range(0, Columns).Sum(column => inputs[(token * Columns) + column] * matrix[(row * Columns) + column]),
    ];
}
