using System.Text.Json;
using GptQuantBench.Inference.Backends.Cpu;
using GptQuantBench.Inference.Backends.Cpu.Kernels;
using GptQuantBench.Inference.Evaluation;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;
using GptQuantBench.Inference.Tests.Backends;

namespace GptQuantBench.Inference.Tests.Evaluation;

public class TextEvaluatorTests
{
    private static CpuKernel Widest => CpuKernels.All.First(kernel => kernel.IsSupported);

    [Fact]
    public void Equal_logits_have_the_perplexity_of_the_vocabulary()
    {
        using KnownLogitsModel model = new(8, 37, (_, _) => 0.25f);
        EvaluationResult result = TextEvaluator.Evaluate(model, [], TestModels.Ids(30, 37, 1));
        Assert.Equal(37, result.Reference.Perplexity.Value, 1e-4);
        Assert.Equal((30, 30 - 4, 8, 8), (result.Tokens, result.ScoredTokens, result.Window, result.Stride));
    }

    [Fact]
    public void Each_token_is_scored_by_the_logits_before_it_in_its_own_window()
    {
        // The logit of the right next id (previous + 1 modulo 5) is 3, of others 0; ids follow the rule except at two places.
        using KnownLogitsModel model = new(4, 5, (sequence, next) => next == (sequence[^1] + 1) % 5 ? 3f : 0f);
        int[] ids = [0, 1, 2, 3, 4, 0, 1, 4, 0, 1, 3];
        double norm = Math.Log(Math.Exp(3) + 4);
        EvaluationResult result = TextEvaluator.Evaluate(model, [], ids);

        // Windows 0123, 4014, 013: 3 + 3 + 2 scored; the rule fails at the last token of the second and the third.
        Assert.Equal(8, result.ScoredTokens);
        Assert.Equal(((8 * norm) - (6 * 3)) / 8, result.Reference.MeanNegativeLogLikelihood.Value, 1e-6);
        Assert.Equal(Math.Exp(result.Reference.MeanNegativeLogLikelihood.Value), result.Reference.Perplexity.Value);
        Assert.Equal([[0, 1, 2], [4, 0, 1], [0, 1]], model.Sequences);
    }

    [Fact]
    public void Overlapping_windows_score_each_token_once_with_all_that_its_window_has_before_it()
    {
        // The logit of the right id counts the tokens before it in the window.
        using KnownLogitsModel model = new(4, 5, (sequence, next) => next == 2 ? sequence.Length : 0f);
        EvaluationResult result = TextEvaluator.Evaluate(model, [], [2, 2, 2, 2, 2, 2, 2], stride: 2);

        // Windows 0-3 (tokens 1, 2, 3 with 1, 2, 3 before them), 2-5 (4, 5 with 2, 3), 4-6 (6 with 2).
        double[] before = [1, 2, 3, 2, 3, 2];
        Assert.Equal(before.Length, result.ScoredTokens);
        Assert.Equal(before.Average(count => Math.Log(Math.Exp(count) + 4) - count), result.Reference.MeanNegativeLogLikelihood.Value, 1e-6);
    }

    [Fact]
    public void Progress_ends_at_the_total()
    {
        using KnownLogitsModel model = new(4, 5, (_, _) => 0f);
        List<(int, int)> calls = [];
        TextEvaluator.Evaluate(model, [], TestModels.Ids(11, 5, 1), progress: (done, total) => calls.Add((done, total)));
        Assert.Equal((8, 8), calls[^1]);
        Assert.Equal(calls.Order(), calls);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_text_without_a_pair_of_tokens_is_an_error(int length)
    {
        using KnownLogitsModel model = new(4, 5, (_, _) => 0f);
        ModelFormatException exception = Assert.Throws<ModelFormatException>(() => TextEvaluator.Evaluate(model, [], new int[length]));
        Assert.Contains($"The text has {length} tokens", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Logits_that_are_not_finite_are_an_error()
    {
        using KnownLogitsModel model = new(4, 5, (sequence, next) => sequence.Length == 2 && next == 3 ? float.NaN : 0f);
        using KnownLogitsModel good = new(4, 5, (_, _) => 0f);
        Assert.Throws<ModelFormatException>(() => TextEvaluator.Evaluate(model, [], [0, 1, 2, 3]));
        Assert.Throws<ModelFormatException>(() => TextEvaluator.Evaluate(good, [model], [0, 1, 2, 3]));
    }

    /// <summary>What integer products may cost: a tenth of what the tables of quality show.</summary>
    [Theory]
    [InlineData("8-bit")]
    [InlineData("4-bit")]
    public void Integer_products_leave_the_perplexity_as_it_is(string format)
    {
        using CpuLanguageModel floats = TestModels.LoadNano(Widest, QuantizationFormat.Parse(format));
        using CpuLanguageModel integers = TestModels.LoadNano(Widest, QuantizationFormat.Parse(format), products: Products.Integer);
        EvaluationResult result = TextEvaluator.Evaluate(floats, [integers], HeldOutText.Ids().AsSpan(0, 4096));
        double expected = result.Reference.Perplexity.Value, actual = result.Candidates[0].Perplexity.Perplexity.Value;
        Assert.NotEqual(expected, actual);
        Assert.Equal(expected, actual, expected * Tolerances.IntegerProductsPerplexity);
    }

    /// <summary>Everything against its definition in FP64, over more tokens than go through the models at once.</summary>
    [Fact]
    public void Divergence_equals_its_definition_in_fp64()
    {
        const int Vocabulary = 83, Window = 300;
        static float Reference(int[] sequence, int next) => 4 * MathF.Sin((sequence[^1] * 7.3f) + (next * 1.7f) + sequence.Length);
        static float Other(int[] sequence, int next) => Reference(sequence, next) + (0.4f * MathF.Sin((next * 5.1f) + sequence[^1])) - 30f;
        int[] ids = TestModels.Ids(500, Vocabulary, 3);
        using KnownLogitsModel reference = new(Window, Vocabulary, Reference);
        using KnownLogitsModel other = new(Window, Vocabulary, Other);
        EvaluationResult result = TextEvaluator.Evaluate(reference, [other], ids);
        DivergenceResult divergence = result.Candidates[0].Divergence;

        List<(double Nll, double ReferenceNll, double Kl, bool Same)> expected = [];
        for (int start = 0; start < ids.Length; start += Window)
        {
            for (int i = start + 1; i < Math.Min(start + Window, ids.Length); i++)
            {
                double[] p = LogProbabilities(Reference, ids[start..i]), q = LogProbabilities(Other, ids[start..i]);
                expected.Add((-q[ids[i]], -p[ids[i]], p.Zip(q, (a, b) => Math.Exp(a) * (a - b)).Sum(), p.IndexOf(p.Max()) == q.IndexOf(q.Max())));
            }
        }

        double n = expected.Count;
        double[] sorted = [.. expected.Select(token => token.Kl).Order()];
        double[] changes = [.. expected.Select(token => Math.Exp(-token.Nll) - Math.Exp(-token.ReferenceNll))];
        Assert.Equal(n, result.ScoredTokens);
        Assert.Equal(Math.Exp(expected.Average(token => token.Nll)), result.Candidates[0].Perplexity.Perplexity.Value, 1e-3);
        AssertMean([.. expected.Select(token => token.Kl)], divergence.MeanKl);
        Assert.Equal((sorted[248] + sorted[249]) / 2, divergence.MedianKl.Value, 1e-5);
        Assert.Equal(sorted[492] + (0.03 * (sorted[493] - sorted[492])), divergence.Percentile99Kl.Value, 1e-5);
        Assert.Equal(sorted[^1], divergence.MaximumKl.Value, 1e-5);
        double share = expected.Count(token => token.Same) / n;
        Assert.Equal(share, divergence.SameTop1Share.Value, 1e-12);
        Assert.Equal(Math.Sqrt(share * (1 - share) / (n - 1)), divergence.SameTop1Share.StandardError!.Value, 1e-12);
        double rms = Math.Sqrt(changes.Average(change => change * change));
        Assert.Equal(rms, divergence.RmsProbabilityChange.Value, 1e-6);
        Assert.Equal(Error([.. changes.Select(change => change * change)]) / (2 * rms), divergence.RmsProbabilityChange.StandardError!.Value, 1e-6);

        // llama.cpp's way to the error of the ratio: variances of both means and their covariance.
        double[] a = [.. expected.Select(token => token.Nll)], b = [.. expected.Select(token => token.ReferenceNll)];
        double covariance = (a.Zip(b, (x, y) => x * y).Average() - (a.Average() * b.Average())) / (n - 1);
        double ratio = Math.Exp(a.Average() - b.Average());
        Assert.Equal(ratio, divergence.PerplexityRatio.Value, 1e-5);
        Assert.Equal(
            ratio * Math.Sqrt((Error(a) * Error(a)) + (Error(b) * Error(b)) - (2 * covariance)), divergence.PerplexityRatio.StandardError!.Value, 1e-5);

        static double[] LogProbabilities(Func<int[], int, float> logit, int[] sequence)
        {
            double[] logits = [.. Enumerable.Range(0, Vocabulary).Select(next => (double)logit(sequence, next))];
            double norm = logits.Max() + Math.Log(logits.Sum(value => Math.Exp(value - logits.Max())));
            return [.. logits.Select(value => value - norm)];
        }

        static double Error(double[] values) =>
            Math.Sqrt(((values.Average(value => value * value) - (values.Average() * values.Average())) / (values.Length - 1)));

        static void AssertMean(double[] values, Estimate actual)
        {
            Assert.Equal(values.Average(), actual.Value, 1e-6);
            Assert.Equal(Error(values), actual.StandardError!.Value, 1e-6);
        }
    }

    [Fact]
    public void The_divergence_of_a_format_from_itself_is_exactly_zero()
    {
        using CpuLanguageModel first = TestModels.LoadNano(Widest, QuantizationFormat.FourBit);
        using CpuLanguageModel second = TestModels.LoadNano(Widest, QuantizationFormat.FourBit);
        DivergenceResult divergence = TextEvaluator.Evaluate(first, [second], OwnText.Ids.AsSpan(0, 700)).Candidates[0].Divergence;
        Assert.Equal((0.0, 0.0), (divergence.MeanKl.Value, divergence.MeanKl.StandardError));
        Assert.Equal((0.0, 0.0), (divergence.MaximumKl.Value, divergence.RmsProbabilityChange.Value));
        Assert.Equal((1.0, 1.0), (divergence.SameTop1Share.Value, divergence.PerplexityRatio.Value));
    }

    /// <summary>
    /// Goldens of gpt2-nano's README: perplexity by transformers, and the rows of plain rounding by torch; and what our own 4-bit is
    /// held to.
    /// </summary>
    [Fact]
    public void The_held_out_text_has_the_golden_perplexities()
    {
        int[] ids = HeldOutText.Ids();
        (string Format, double Perplexity, double Tolerance)[] rows =
        [
            ("8-bit", 75.891, Tolerances.PerplexityEightBit),
            ("int4-g32-sym", 79.632, Tolerances.PerplexityFourBit),
            ("int4-g64-asym", 80.277, Tolerances.PerplexityFourBit),
            ("int4-g32-sym+head8", 77.734, Tolerances.PerplexityFourBit),
        ];
        using CpuLanguageModel fp16 = TestModels.LoadNano(Widest, QuantizationFormat.Fp16);
        CpuLanguageModel[] models = [.. rows.Select(row => TestModels.LoadNano(Widest, QuantizationFormat.Parse(row.Format)))];
        EvaluationResult result = TextEvaluator.Evaluate(fp16, models, ids);
        Array.ForEach(models, model => model.Dispose());

        Assert.Equal(46_996, result.ScoredTokens);
        Assert.Equal(75.868, result.Reference.Perplexity.Value, 75.868 * Tolerances.PerplexityFp16);
        Assert.All(rows.Zip(result.Candidates), pair => Assert.Equal(
            pair.First.Perplexity, pair.Second.Perplexity.Perplexity.Value, pair.First.Perplexity * pair.First.Tolerance));

        // 8-bit within 0.1 % of FP16.
        Assert.InRange(result.Candidates[0].Divergence.PerplexityRatio.Value, 0.999, 1.001);
    }

    /// <summary>The text of a fresh clone; its golden is made by eng/golden_perplexity.py.</summary>
    [Fact]
    public void The_own_text_has_the_golden_perplexity()
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(Path.Combine(Fixtures.Root, "texts", "own.perplexity.json")));
        using CpuLanguageModel model = TestModels.LoadNano(Widest, QuantizationFormat.Fp16);
        EvaluationResult result = TextEvaluator.Evaluate(model, [], OwnText.Ids);
        double perplexity = golden.RootElement.GetProperty("perplexity").GetDouble();
        Assert.Equal(golden.RootElement.GetProperty("scored_tokens").GetInt32(), result.ScoredTokens);
        Assert.Equal(golden.RootElement.GetProperty("window").GetInt32(), result.Window);
        Assert.Equal(perplexity, result.Reference.Perplexity.Value, perplexity * Tolerances.PerplexityFp16);
    }

    [Theory]
    [InlineData("avx512")]
    [InlineData("avx2")]
    [InlineData("portable")]
    public void Its_first_windows_have_the_golden_sums_on_every_kernel(string name)
    {
        using CpuLanguageModel model = TestModels.LoadNano(Kernels.Get(name), QuantizationFormat.Fp16);
        using JsonDocument goldens = JsonDocument.Parse(File.ReadAllText(Path.Combine(Fixtures.Gpt2Nano, "goldens.json")));
        double[] sums = [.. goldens.RootElement.GetProperty("perplexity").GetProperty("window_nll_sums").EnumerateArray().Take(2)
            .Select(sum => sum.GetDouble())];
        EvaluationResult result = TextEvaluator.Evaluate(model, [], HeldOutText.Ids().AsSpan(0, 2048));
        Assert.Equal(sums.Sum(), result.Reference.MeanNegativeLogLikelihood.Value * result.ScoredTokens, sums.Sum() * 1e-5);
    }
}
