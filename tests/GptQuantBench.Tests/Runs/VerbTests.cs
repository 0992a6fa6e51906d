using System.Security.Cryptography;
using System.Text.Json;

namespace GptQuantBench.Tests.Runs;

/// <summary>The verbs, held against golden outputs of transformers.</summary>
public sealed class VerbTests
{
    private static readonly JsonElement[] _prompts =
    [
        .. JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Nano, "goldens.json"))).RootElement.GetProperty("prompts").EnumerateArray(),
    ];

    /// <summary>Prompts whose smallest greedy margin is far above the engine's tolerance.</summary>
    private static JsonElement SafePrompt => _prompts.First(prompt =>
        prompt.GetProperty("greedy_margins_top1_minus_top2").EnumerateArray().Min(margin => margin.GetDouble()) > 0.05
        && prompt.GetProperty("n_tokens").GetInt32() < 200);

    [Fact]
    public void GenerateWritesTheGoldenContinuation()
    {
        var prompt = SafePrompt;
        var text = prompt.GetProperty("text").GetString()!;
        var outcome = TestProgram.Run(
            ["generate", "--model-path", Repository.Nano, "--prompt", text, "--temperature", "0", "--tokens", "32", "--backend", "cpu"]).ShouldSucceed();
        Assert.Equal(text + prompt.GetProperty("greedy_text").GetString() + "\n", outcome.Output);
    }

    [Fact]
    public void GenerateRepeatsItselfForASeedAndDiffersForAnother()
    {
        string Text(string seed) => TestProgram
            .Run(["generate", "--model-path", Repository.Nano, "--seed", seed, "--tokens", "30", "--quantization", "4-bit"]).ShouldSucceed().Output;
        Assert.Equal(Text("7"), Text("7"));
        Assert.NotEqual(Text("7"), Text("8"));
    }

    [Fact]
    public void LogitsAreTheGoldenOnes()
    {
        var prompt = SafePrompt;
        int[] ids = [.. prompt.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
        var outcome = TestProgram.Run(["logits", "--model-path", Repository.Nano, "--ids", string.Join(' ', ids), "--backend", "cpu"]).ShouldSucceed();
        var root = JsonDocument.Parse(outcome.Output).RootElement;
        Assert.Equal(ids, root.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()));
        Assert.Equal(ids.Length, root.GetProperty("positions").GetArrayLength());
        var last = root.GetProperty("last");
        Assert.Equal(prompt.GetProperty("argmax").GetInt32(), last.GetProperty("argmax").GetInt32());
        Assert.Equal(prompt.GetProperty("logsumexp").GetDouble(), last.GetProperty("logsumexp").GetDouble(), 0.01);
        double[] logits = [.. last.GetProperty("logits").EnumerateArray().Select(logit => logit.GetDouble())];
        Assert.Equal(50257, logits.Length);
        double[] golden = [.. prompt.GetProperty("last_logits_first64").EnumerateArray().Select(logit => logit.GetDouble())];
        Assert.All(golden.Zip(logits), pair => Assert.Equal(pair.First, pair.Second, 0.01));
    }

    [Fact]
    public void TokenizeGivesTheGoldenIds()
    {
        var input = string.Join('\n', _prompts.Select(prompt => JsonSerializer.Serialize(prompt.GetProperty("text").GetString())));
        var lines = TestProgram.Run(["tokenize"], input).ShouldSucceed().Output.TrimEnd().Split('\n');
        Assert.Equal(_prompts.Length, lines.Length);
        Assert.All(_prompts.Zip(lines), pair => Assert.Equal(
            pair.First.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()), JsonSerializer.Deserialize<int[]>(pair.Second)!));
    }

    [Theory]
    [InlineData(false, "[27, 91, 437, 1659, 5239, 91, 29]")]
    [InlineData(true, "[50256]")]
    public void SpecialTokensAreTextUnlessAskedFor(bool special, string ids)
    {
        string[] arguments = special ? ["tokenize", "--special-tokens"] : ["tokenize"];
        var outcome = TestProgram.Run(arguments, "\"<|endoftext|>\"\n").ShouldSucceed();
        Assert.Equal(JsonSerializer.Deserialize<int[]>(ids), JsonSerializer.Deserialize<int[]>(outcome.Output));
    }

    [Fact]
    public void EvaluateReachesTheGoldenPerplexity()
    {
        var text = Path.Combine(Repository.Fixtures, "texts", "own.txt");
        var golden = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Fixtures, "texts", "own.perplexity.json"))).RootElement;
        var outcome = TestProgram.Run(
            ["evaluate", "--model-path", Repository.Nano, "--text", text, "--quantizations", "FP16,8-bit", "--json", "--backend", "cpu"]).ShouldSucceed();
        var root = JsonDocument.Parse(outcome.Output).RootElement;
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(text))), root.GetProperty("text_sha256").GetString());
        Assert.Equal(golden.GetProperty("scored_tokens").GetInt32(), root.GetProperty("scored_tokens").GetInt32());
        Assert.Equal(1024, root.GetProperty("window").GetInt32());
        Assert.Equal(1024, root.GetProperty("stride").GetInt32());
        var results = root.GetProperty("results");
        Assert.Equal(["FP16", "8-bit"], results.EnumerateArray().Select(result => result.GetProperty("quantization").GetString()));
        var expected = golden.GetProperty("perplexity").GetDouble();
        Assert.InRange(results[0].GetProperty("perplexity").GetDouble(), expected * 0.999, expected * 1.001);
        Assert.InRange(results[1].GetProperty("perplexity").GetDouble(), expected * 0.99, expected * 1.01);
        Assert.Equal(Math.Log(results[0].GetProperty("perplexity").GetDouble()), results[0].GetProperty("mean_nll").GetDouble(), 6);
    }

    [Fact]
    public void InfoNamesTheBackends()
    {
        var output = TestProgram.Run(["info"]).ShouldSucceed().Output;
        Assert.All(["GptQuantBench", "cpu", "gpt2-xl"], part => Assert.Contains(part, output, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData()]
    [InlineData("generate")]
    [InlineData("logits")]
    [InlineData("tokenize")]
    [InlineData("evaluate")]
    [InlineData("quantize")]
    [InlineData("info")]
    public void HelpExplainsEveryVerb(params string[] verb)
    {
        var output = TestProgram.Run([.. verb, "--help"]).ShouldSucceed().Output;
        Assert.All(["Usage:", "Options", "Examples", "--help"], part => Assert.Contains(part, output, StringComparison.Ordinal));
    }
}
