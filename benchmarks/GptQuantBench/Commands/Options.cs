using System.CommandLine;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Commands;

/// <summary>The program's own options; each exists once and is shared by the verbs that take it.</summary>
internal static class Options
{
    public static Option<string?> Models { get; } = Value("--models", ModelCatalogue.MainJob, "models of the catalogue, by name: gpt2, gpt2-medium, gpt2-large, gpt2-xl");

    public static Option<string?> ModelPath { get; } = Value("--model-path", "DIR", "folder with config.json and model.safetensors; replaces --models");

    public static Option<string?> Quantizations { get; } = Value("--quantizations", "FP16,8-bit,4-bit", "weight formats by name; also such as int4-g64-asym+mse+head8, and for evaluate all");

    public static Option<string?> Quantization { get; } = Value("--quantization", "FP16", "weight format by name");

    public static Option<string?> Backend { get; } = Value("--backend", "auto|cuda|cpu", "auto takes CUDA where a device is usable, else the CPU");

    public static Option<string?> Device { get; } = Value("--device", "N", "ordinal of the device, from 0");

    public static Option<bool> RequireGpu { get; } = Flag("--require-gpu", "a missing GPU is an error (also GPTQUANTBENCH_REQUIRE_GPU=1)");

    public static Option<string?> Decode { get; } = Value("--decode", "auto|NAME", "decode path: eager, cublas, graph, persistent on CUDA; float, integer on the CPU; one that can't run is an error");

    public static Option<string?> Kernels { get; } = Value("--kernels", "DIR", "folder whose PTX files replace the embedded ones (also GPTQUANTBENCH_PTX_DIR)");

    public static Option<string?> Weights { get; } = Value("--weights", "auto|synthetic", "auto takes the Hugging Face cache, else downloads, else makes synthetic weights");

    public static Option<string?> Prompt { get; } = Value("--prompt", "TEXT", "the prompt; ids such as \"464 2003\" for a model without vocabulary");

    public static Option<string?> Tokens { get; } = Value("--tokens", "50", "tokens to generate, exactly");

    public static Option<string?> Seed { get; } = Value("--seed", "N", "seed of sampling and of synthetic weights");

    public static Option<string?> Temperature { get; } = Value("--temperature", "0.8", "divides the logits; 0 is greedy");

    public static Option<string?> TopP { get; } = Value("--top-p", "0.9", "nucleus, above 0 and at most 1");

    public static Option<bool> SpecialTokens { get; } = Flag("--special-tokens", "<|endoftext|> in the prompt is the special token, not text");

    public static Option<bool> Smoke { get; } = Flag("--smoke", "every case once, one iteration, all tokens: to see that it works, not for figures");

    public static Option<string?> Baseline { get; } = Value("--baseline", "NAME", "keep the report as baselines/NAME.json, for compare NAME");

    public static Option<string?> Shard { get; } = Value("--shard", "1/4", "a part of the cases: the first of four; merge makes one report of the parts");

    public static Option<string?> Threshold { get; } = Value("--threshold", "3%", "smallest change of a time or rate that matters");

    public static Option<string?> NoiseFloor { get; } = Value("--noise-floor", "FILE[,FILE]", "comparisons (--format json) of the same build with itself; twice their change counts as the same");

    public static Option<string?> Format { get; } = Value("--format", "console|markdown|json", "how the result is written");

    public static Option<string?> ExportFormat { get; } = Value("--format", "github-action-benchmark|bencher|csv|markdown", "whose format");

    public static Option<string?> Out { get; } = Value("--out", "PATH", "where the result goes");

    public static Option<string?> Artifacts { get; } = Value("--artifacts", "DIR", "the artifacts folder of the runs");

    public static Option<string?> CaseTimeout { get; } = Value("--case-timeout", "SECONDS", "ends a case that runs longer: a failed row, and the next case; none by default");

    public static Option<string?> Sweeps { get; } = Value("--sweeps", "short|full|none", "sweeps and kernel benchmarks after the main job: a short form, all points, or none");

    public static Option<string?> Kernel { get; } = Value("--kernel", "NAME,NAME", "kernels to time; without it the one that runs such a product");

    public static Option<string?> Shape { get; } = Value("--shape", "4096x14336", "inputs and outputs of the matrix");

    public static Option<string?> Batch { get; } = Value("--batch", "1", "vectors that are multiplied together");

    public static Option<string?> Text { get; } = Value("--text", "FILE", "UTF-8 text to evaluate on");

    public static Option<bool> Quality { get; } = Flag("--quality", "measures what each format costs on --text: perplexity and divergence from FP16; trained weights only");

    public static Option<string?> Join { get; } = Value("--join", "wikitext", "the file's lines are a dataset's rows, joined as Hugging Face's guide to perplexity does");

    public static Option<string?> Stride { get; } = Value("--stride", "N", "tokens from window to window; the context length unless given");

    public static Option<string?> Quantized { get; } = Value("--quantized", "DIR,DIR", "checkpoints that quantize made from this model, as further rows");

    public static Option<string?> Calibration { get; } = Value("--calibration", "FILE", "UTF-8 text to calibrate 4-bit weights with; never the one to evaluate on");

    public static Option<string?> Ids { get; } = Value("--ids", "\"464 2003\"", "token ids");

    public static Option<string?> History { get; } = Value("--history", "DIR", "folder of earlier runs: draws the trend of each case, with changes of level");

    public static Option<bool> Json { get; } = Flag("--json", "write the result as one JSON object");

    public static Option<bool> Help { get; } = Flag("--help", "this page", "-?");

    public static Option<bool> Version { get; } = Flag("--version", "the version");

    /// <summary>What a case works on; taken by every verb that generates.</summary>
    public static IReadOnlyList<Option> Work { get; } = [Weights, Prompt, Tokens, Seed, Temperature, TopP, SpecialTokens];

    /// <summary>Where it runs.</summary>
    public static IReadOnlyList<Option> Machine { get; } = [Backend, Device, RequireGpu, Decode, Kernels];

    private static Option<string?> Value(string name, string helpName, string description) => new(name)
    {
        HelpName = helpName,
        Description = description,
        Arity = ArgumentArity.ExactlyOne,
    };

    private static Option<bool> Flag(string name, string description, params string[] aliases) => new(name, aliases)
    {
        Description = description,
        Arity = ArgumentArity.Zero,
    };
}
