using System.CommandLine;
using GptQuantBench.Inference.Sampling;

namespace GptQuantBench.Commands;

/// <summary>From <c>--temperature</c>, <c>--top-p</c> and <c>--seed</c> to how tokens are chosen.</summary>
internal static class Sampling
{
    /// <summary>The reference script's values unless the user gives others.</summary>
    public static SamplingOptions From(ParseResult result) => new(
        result.Float(Options.Temperature, 0.8f, value => value is >= 0 and <= SamplingOptions.MaxTemperature, $"a number from 0 (greedy) to {SamplingOptions.MaxTemperature}"),
        result.Float(Options.TopP, 0.9f, value => value is > 0 and <= 1, "a number above 0 and at most 1"),
        result.UInt64(Options.Seed, ModelChoice.DefaultSeed));
}
