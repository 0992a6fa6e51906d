using System.Diagnostics;

namespace GptQuantBench.Benchmarks;

/// <summary>What is learned about generation outside the measured calls.</summary>
internal static class GenerationFacts
{
    /// <summary>Generates once more with a clock on every token, then measures what the device reads.</summary>
    public static PhaseRecord.GeneratedFacts Collect(RunSettings settings, LoadedCase loaded)
    {
        int[] ids = [.. loaded.GeneratedIds];
        var cost = loaded.StepCost;
        var stamps = new long[ids.Length];
        loaded.Generate((index, _) => stamps[index] = Stopwatch.GetTimestamp());

        var between = new double[ids.Length - 1];
        for (var i = 0; i < between.Length; i++)
        {
            between[i] = Stopwatch.GetElapsedTime(stamps[i], stamps[i + 1]).TotalMilliseconds;
        }

        var bandwidth = loaded.Model.MeasureReadBandwidth();
        var tokenizer = loaded.Opened.Tokenizer;
        return new(LoadedCase.PromptIds(tokenizer, settings), ids, tokenizer?.Decode(ids), between, bandwidth, cost);
    }
}
