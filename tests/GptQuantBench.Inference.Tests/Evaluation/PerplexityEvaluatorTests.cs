using System.Text.Json;
using GptQuantBench.Inference.Backends.Cpu;
using GptQuantBench.Inference.Evaluation;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;
using GptQuantBench.Inference.Tests.Backends;

namespace GptQuantBench.Inference.Tests.Evaluation;

public class PerplexityEvaluatorTests
{
    [Fact]
    public void Equal_logits_have_the_perplexity_of_the_vocabulary()
    {
        using KnownLogitsModel model = new(8, 37, (_, _) => 0.25f);
        PerplexityResult result = PerplexityEvaluator.Evaluate(model, TestModels.Ids(30, 37, 1));
        Assert.Equal(37, result.Perplexity, 1e-4);
        Assert.Equal(30 - 4, result.ScoredTokens);
        Assert.Equal((8, 8), (result.Window, result.Stride));
    }

    [Fact]
    public void Each_token_is_scored_by_the_logits_before_it_in_its_own_window()
    {
        // The logit of the right next id (previous + 1 modulo 5) is 3, of others 0; ids follow the rule except at two places.
        using KnownLogitsModel model = new(4, 5, (sequence, next) => next == (sequence[^1] + 1) % 5 ? 3f : 0f);
        int[] ids = [0, 1, 2, 3, 4, 0, 1, 4, 0, 1, 3];
        double norm = Math.Log(Math.Exp(3) + 4);
        PerplexityResult result = PerplexityEvaluator.Evaluate(model, ids);

        // Windows 0123, 4014, 013: 3 + 3 + 2 scored; the rule fails at the last token of the second and the third.
        Assert.Equal(8, result.ScoredTokens);
        Assert.Equal(((8 * norm) - (6 * 3)) / 8, result.MeanNegativeLogLikelihood, 1e-6);
        Assert.Equal(Math.Exp(result.MeanNegativeLogLikelihood), result.Perplexity);
        Assert.Equal([[0, 1, 2], [4, 0, 1], [0, 1]], model.Sequences);
    }

    [Fact]
    public void A_last_window_of_one_token_scores_nothing()
    {
        using KnownLogitsModel model = new(4, 5, (_, _) => 0f);
        Assert.Equal(3, PerplexityEvaluator.Evaluate(model, [0, 1, 2, 3, 4]).ScoredTokens);
    }

    [Fact]
    public void Progress_ends_at_the_total()
    {
        using KnownLogitsModel model = new(4, 5, (_, _) => 0f);
        List<(int, int)> calls = [];
        PerplexityEvaluator.Evaluate(model, TestModels.Ids(11, 5, 1), (done, total) => calls.Add((done, total)));
        Assert.Equal((8, 8), calls[^1]);
        Assert.Equal(calls.Order(), calls);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_text_without_a_pair_of_tokens_is_an_error(int length)
    {
        using KnownLogitsModel model = new(4, 5, (_, _) => 0f);
        ModelFormatException exception = Assert.Throws<ModelFormatException>(() => PerplexityEvaluator.Evaluate(model, new int[length]));
        Assert.Contains($"The text has {length} tokens", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Logits_that_are_not_finite_are_an_error()
    {
        using KnownLogitsModel model = new(4, 5, (sequence, next) => sequence.Length == 2 && next == 3 ? float.NaN : 0f);
        Assert.Throws<ModelFormatException>(() => PerplexityEvaluator.Evaluate(model, [0, 1, 2, 3]));
    }

    /// <summary>Goldens of gpt2-nano's README, by transformers and by the schemes simulated in torch.</summary>
    [Theory]
    [InlineData("FP16", 75.868, Tolerances.PerplexityFp16)]
    [InlineData("8-bit", 75.891, Tolerances.PerplexityEightBit)]
    [InlineData("4-bit", 79.632, Tolerances.PerplexityFourBit)]
    public void The_held_out_text_has_the_golden_perplexity(string format, double golden, double tolerance)
    {
        using CpuLanguageModel model = TestModels.LoadNano(
            CpuKernels.All.First(kernel => kernel.IsSupported), QuantizationFormat.Parse(format));
        PerplexityResult result = PerplexityEvaluator.Evaluate(model, HeldOutText.Ids());
        Assert.Equal(46_996, result.ScoredTokens);
        Assert.Equal(golden, result.Perplexity, golden * tolerance);
    }

    /// <summary>What integer products may cost: a tenth of what the tables of quality show.</summary>
    [Theory]
    [InlineData("8-bit")]
    [InlineData("4-bit")]
    public void Integer_products_leave_the_perplexity_as_it_is(string format)
    {
        using CpuLanguageModel floats = TestModels.LoadNano(CpuKernels.Default, QuantizationFormat.Parse(format));
        using CpuLanguageModel integers = TestModels.LoadNano(
            CpuKernels.Default, QuantizationFormat.Parse(format), products: Products.Int16);
        int[] ids = HeldOutText.Ids()[..4096];
        double expected = PerplexityEvaluator.Evaluate(floats, ids).Perplexity;
        double actual = PerplexityEvaluator.Evaluate(integers, ids).Perplexity;
        Assert.NotEqual(expected, actual);
        Assert.Equal(expected, actual, expected * Tolerances.IntegerProductsPerplexity);
    }

    /// <summary>The text of a fresh clone; its golden is made by eng/golden_perplexity.py.</summary>
    [Fact]
    public void The_own_text_has_the_golden_perplexity()
    {
        string folder = Path.Combine(Fixtures.Root, "texts");
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "own.perplexity.json")));
        int[] ids = JsonSerializer.Deserialize<int[]>(File.ReadAllText(Path.Combine(folder, "own.ids.json")))!;
        using CpuLanguageModel model = TestModels.LoadNano(CpuKernels.All.First(kernel => kernel.IsSupported), QuantizationFormat.Fp16);
        PerplexityResult result = PerplexityEvaluator.Evaluate(model, ids);
        double perplexity = golden.RootElement.GetProperty("perplexity").GetDouble();
        Assert.Equal(golden.RootElement.GetProperty("scored_tokens").GetInt32(), result.ScoredTokens);
        Assert.Equal(golden.RootElement.GetProperty("window").GetInt32(), result.Window);
        Assert.Equal(perplexity, result.Perplexity, perplexity * Tolerances.PerplexityFp16);
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
        PerplexityResult result = PerplexityEvaluator.Evaluate(model, HeldOutText.Ids().AsSpan(0, 2048));
        Assert.Equal(sums.Sum(), result.MeanNegativeLogLikelihood * result.ScoredTokens, sums.Sum() * 1e-5);
    }
}
