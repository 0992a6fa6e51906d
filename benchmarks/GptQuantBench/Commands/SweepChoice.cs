using System.CommandLine;
using GptQuantBench.Benchmarks;
using GptQuantBench.Benchmarks.Sweeps;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Commands;

/// <summary>From <c>--sweeps</c> and the run's models and formats to the points of its sweeps.</summary>
internal static class SweepChoice
{
    private const string Short = "short";
    private const string Full = "full";
    private const string None = "none";

    // Longer sequences say nothing new about a token, and leave less room for depth.
    private const int MostTokens = 50;

    private const int TokenTimes = 2000;

    // Steps of a batch are alike, and 64 sequences make each of them long.
    private const int MostBatchTokens = 16;

    private static readonly int[] _shortPrompts = [5, 128, 512];
    private static readonly int[] _fullPrompts = [5, 32, 128, 512, 1000];
    private static readonly int[] _shortDepths = [0, 512, 950];
    private static readonly int[] _fullDepths = [0, 128, 512, 950];
    private static readonly int[] _shortBatches = [1, 8, 64];
    private static readonly int[] _fullBatches = [1, 2, 4, 8, 16, 32, 64];

    /// <summary>The sweeps; null where the run has none.</summary>
    /// <exception cref="UserErrorException">Options contradict each other, or one has a wrong value.</exception>
    public static SweepSettings? From(ParseResult result, BenchmarkDotNetOptions benchmarkDotNet, RunSettings settings)
    {
        if (!HasSweeps(result))
        {
            return null;
        }

        var isFull = IsFull(result);
        var isCuda = settings.Backend == "cuda";
        return new SweepSettings
        {
            ContextLengths = settings.Models
                .Take(isFull ? settings.Models.Count : 1)
                .ToDictionary(model => model.Name, model => model.ReadConfiguration().ContextLength),
            Formats = isFull ? settings.Formats : ShortFormats(settings.Formats),
            PromptLengths = isFull ? _fullPrompts : _shortPrompts,
            Depths = isFull ? _fullDepths : _shortDepths,
            BatchSizes = isFull ? _fullBatches : _shortBatches,
            BatchTokens = Math.Min(settings.Tokens, MostBatchTokens),
            Tokens = Math.Min(settings.Tokens, MostTokens),
            TokenTimes = TokenTimes,
            Repeats = Count(result, benchmarkDotNet["iterationCount"], isCuda ? 20 : isFull ? 5 : 3, 1),
            WarmUps = Count(result, benchmarkDotNet["warmupCount"], isCuda ? 3 : 1, 0),
        };
    }

    /// <summary>Whether the run has sweeps at all.</summary>
    /// <exception cref="UserErrorException">Options contradict each other, or one has a wrong value.</exception>
    public static bool HasSweeps(ParseResult result)
    {
        var isNone = Choice(result) == None;
        return result.GetValue(Options.Smoke)
            ? result.GetValue(Options.Sweeps) is null || isNone
                ? false
                : throw new UserErrorException("Options --smoke and --sweeps exclude each other: --smoke runs no sweeps; give one of them.")
            : !isNone;
    }

    /// <summary>The sweeps by names alone, before any file is looked at.</summary>
    public static SweepSettings Listed(RunSettings settings, bool isFull) => new()
    {
        ContextLengths = settings.Models.Take(isFull ? settings.Models.Count : 1).ToDictionary(model => model.Name, _ => 0),
        Formats = isFull ? settings.Formats : ShortFormats(settings.Formats),
        PromptLengths = [],
        Depths = [],
        BatchSizes = [],
        BatchTokens = 0,
        Tokens = 0,
        TokenTimes = 0,
        Repeats = 0,
        WarmUps = 0,
    };

    /// <summary>Whether all points are asked for.</summary>
    /// <exception cref="UserErrorException">The option has a wrong value.</exception>
    public static bool IsFull(ParseResult result) => Choice(result) == Full;

    private static string Choice(ParseResult result) => result.Choice(Options.Sweeps, Short, Full, None);

    /// <summary>The two ends of the main job's formats; whatever there is where the run has neither.</summary>
    public static string[] ShortFormats(IReadOnlyList<string> formats) =>
        formats.Where(format => format == QuantizationFormat.Fp16.Label || format == QuantizationFormat.FourBit.Label).ToArray() is { Length: > 0 } ends
            ? ends
            : [formats[0]];

    /// <summary>A count of BenchmarkDotNet's, which means calls of a point here.</summary>
    public static int Count(ParseResult result, Option<string[]> option, int defaultValue, int minimum)
    {
        if (result.GetResult(option) is not { Implicit: false } || result.GetValue(option) is not [var text])
        {
            return defaultValue;
        }

        return int.TryParse(text, out var count) && count >= minimum
            ? count
            : throw new UserErrorException($"Option {option.Name} has the value '{text}'; expected a whole number from {minimum}.");
    }
}
