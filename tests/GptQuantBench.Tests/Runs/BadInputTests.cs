namespace GptQuantBench.Tests.Runs;

/// <summary>Everything that is wrong before the first case starts: exit code 2 and one line on stderr.</summary>
public sealed class BadInputTests
{
    private const int BadInput = 2;

    public static TheoryData<string[], string[]> WrongArguments => new()
    {
        { ["--filter", "*", "--modles", "gpt2"], ["--modles", "--models"] },
        { ["--filter", "*", "--models", "gtp2"], ["gtp2", "gpt2"] },
        { ["--filter", "*", "--quantizations", "FP16,5-bit"], ["5-bit", "FP16"] },
        { ["--filter", "*", "--backend", "tpu"], ["--backend", "tpu", "cuda"] },
        { ["--filter", "*", "--tokens", "0"], ["--tokens", "0", "1"] },
        { ["--filter", "*", "--temperature", "-1"], ["--temperature", "-1"] },
        { ["--filter", "*", "--top-p", "1.5"], ["--top-p", "1.5"] },
        { ["--filter", "*", "--weights", "best"], ["--weights", "best", "synthetic"] },
        { ["--filter", "*", "--model-path", "/no/such/folder"], ["/no/such/folder", "--model-path"] },
        { ["--filter", "*", "--models", "gpt2", "--model-path", "."], ["--models", "--model-path"] },
        { ["--filter", "*", "--decode", "warp"], ["warp"] },
        { ["--filter", "*", "--iterationCount", "many"], ["iterationCount"] },
        { ["--filter", "*", "--backend", "cpu", "--require-gpu"], ["--require-gpu"] },
        { [], ["--filter", "--help"] },
        { ["generate", "--tokens", "x"], ["--tokens", "x"] },
        { ["logits", "--ids", "12 apples"], ["12 apples"] },
        { ["logits"], ["--ids"] },
        { ["evaluate", "--text", "/no/such/file"], ["/no/such/file"] },
        { ["evaluate"], ["--text"] },
        { ["evaluate", "--text", Path.Combine(Repository.Fixtures, "texts", "own.txt"), "--model-path", Repository.Nano, "--quantizations", "int4-row-sym"], ["int4-row-sym", "groups of 32"] },
        { ["evaluate", "--text", Path.Combine(Repository.Fixtures, "texts", "own.txt"), "--model-path", Repository.Nano, "--quantized", Repository.Nano], ["not quantised"] },
        { ["evaluate", "--text", Path.Combine(Repository.Fixtures, "texts", "own.txt"), "--model-path", Repository.Nano, "--join", "other"], ["--join", "wikitext"] },
        { ["quantize", "--model-path", Repository.Nano], ["--out"] },
        { ["quantize", "--model-path", Repository.Nano, "--quantization", "FP16", "--out", "x"], ["choose 8-bit, 4-bit"] },
        { ["--filter", "*", "--model-path", Repository.Nano, "--quality"], ["--text"] },
        { ["--filter", "*", "--model-path", Repository.Nano, "--quantizations", "int4-g32-sym+gptq"], ["needs calibration", "quantize"] },
        { ["frobnicate"], ["frobnicate"] },
    };

    [Theory]
    [MemberData(nameof(WrongArguments))]
    public void WrongUse(string[] arguments, string[] parts)
    {
        string[] onNano = arguments.Contains("--models") || arguments.Contains("--model-path") || arguments is [] or ["frobnicate"]
            ? arguments
            : [.. arguments, "--model-path", Repository.Nano];
        TestProgram.Run(onNano).ShouldFail(BadInput, parts);
    }

    [Fact]
    public void AFilterThatMatchesNothing() =>
        TestProgram.Run(["--filter", "*NoSuchBenchmark*", "--inProcess", "--model-path", Repository.Nano]).ShouldFail(BadInput, "*NoSuchBenchmark*", "--list");

    [Fact]
    public void AnArtifactsFolderThatCannotBeWritten()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["file"], "");
        TestProgram.Run(["--filter", "*", "--model-path", Repository.Nano, "--artifacts", Path.Combine(folder["file"], "artifacts")])
            .ShouldFail(BadInput, "artifacts", "--artifacts");
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("model.safetensors")]
    public void AMissingFile(string name) => WithSpoiledNano(folder => File.Delete(Path.Combine(folder, name)), name);

    [Fact]
    public void ATruncatedCheckpoint() => WithSpoiledNano(folder => Spoil.Truncate(Path.Combine(folder, "model.safetensors"), 1000), "model.safetensors");

    [Fact]
    public void ALyingHeader() => WithSpoiledNano(folder => Spoil.HeaderLength(Path.Combine(folder, "model.safetensors"), 1UL << 60), "model.safetensors");

    [Fact]
    public void AnEmptyCheckpoint() => WithSpoiledNano(folder => File.WriteAllBytes(Path.Combine(folder, "model.safetensors"), []), "model.safetensors");

    [Fact]
    public void AConfigurationThatIsNotJson() => WithSpoiledNano(folder => File.WriteAllText(Path.Combine(folder, "config.json"), "{"), "config.json");

    [Theory]
    [InlineData("\"n_embd\": 192", "\"n_embd\": 195", "wte.weight")]
    [InlineData("\"n_layer\": 6", "\"n_layer\": 7", "h.6.")]
    [InlineData("\"n_head\": 3", "\"n_head\": 5", "n_head")]
    [InlineData("\"gelu_new\"", "\"relu\"", "relu")]
    [InlineData("\"model_type\": \"gpt2\"", "\"model_type\": \"bert\"", "bert")]
    public void AConfigurationThatDoesNotFit(string old, string @new, string named) =>
        WithSpoiledNano(folder => Spoil.Replace(Path.Combine(folder, "config.json"), old, @new), named);

    [Fact]
    public void AnUnreadableFile() => WithSpoiledNano(
        folder =>
        {
            File.Delete(Path.Combine(folder, "config.json"));
            Directory.CreateDirectory(Path.Combine(folder, "config.json"));
        },
        "config.json");

    [Theory]
    [InlineData("run")]
    [InlineData("generate")]
    public void APromptThatDoesNotFitTheContext(string verb)
    {
        string[] arguments = [.. Verb(verb), "--model-path", Repository.Nano, "--tokens", "20", "--prompt", string.Concat(Enumerable.Repeat("one two ", 600))];
        TestProgram.Run(arguments).ShouldFail(BadInput, "1024", "--prompt");
    }

    [Theory]
    [InlineData("run")]
    [InlineData("generate")]
    public void AnEmptyPrompt(string verb) =>
        TestProgram.Run([.. Verb(verb), "--model-path", Repository.Nano, "--prompt", ""]).ShouldFail(BadInput, "prompt");

    [Fact]
    public void AnIdOutsideTheVocabulary() =>
        TestProgram.Run(["logits", "--model-path", Repository.Nano, "--ids", "5 50257"]).ShouldFail(BadInput, "50257", "50256");

    [Fact]
    public void AnIdOutsideTheVocabularyOfAModelThatWorksOnIds() =>
        TestProgram.Run(["generate", "--model-path", Path.Combine(Repository.Fixtures, "variants", "smallest-f32"), "--prompt", "1 2 5", "--tokens", "2"])
            .ShouldFail(BadInput, "Id 5", "0 to 4");

    [Fact]
    public void ALineThatIsNoJsonString() =>
        TestProgram.Run(["tokenize"], input: "\"fine\"\nnot json\n").ShouldFail(BadInput, "Line 2", "JSON");

    [Fact]
    public void ARequiredGpuThatIsMissing()
    {
        Assert.SkipWhen(File.Exists("/dev/nvidiactl"), "This machine has an NVIDIA GPU.");
        TestProgram.Run(["--filter", "*", "--model-path", Repository.Nano, "--require-gpu"]).ShouldFail(BadInput, "GPU");
        TestProgram.Run(["--filter", "*", "--model-path", Repository.Nano], environment: new Dictionary<string, string?> { ["GPTQUANTBENCH_REQUIRE_GPU"] = "1" })
            .ShouldFail(BadInput, "GPU");
    }

    private static string[] Verb(string verb) => verb == "run" ? ["--filter", "*"] : [verb];

    private static void WithSpoiledNano(Action<string> spoil, string named)
    {
        using var folder = new TemporaryFolder();
        var model = folder.CopyOfNano();
        spoil(model);
        TestProgram.Run(["--filter", "*", "--model-path", model, "--artifacts", folder["artifacts"]]).ShouldFail(BadInput, named);
        TestProgram.Run(["generate", "--model-path", model]).ShouldFail(BadInput, named);
    }
}
