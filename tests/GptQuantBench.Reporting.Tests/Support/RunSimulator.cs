using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Tests.Support;

/// <summary>Makes reports whose processes are noise around a level.</summary>
internal static class RunSimulator
{
    /// <summary>A report of cases with three timed metrics each.</summary>
    /// <param name="cases">Number of cases.</param>
    /// <param name="processes">Processes of a case.</param>
    /// <param name="noise">The noise of a process, once it is multiplied by <paramref name="deviation"/>: of the logarithm of its time.</param>
    /// <param name="deviation">Scale of the noise.</param>
    /// <param name="slowdown">Factor on the times of the first case.</param>
    /// <param name="drift">Change of the logarithm from process to process.</param>
    /// <param name="firstProcess">Processes that ran before, for the drift.</param>
    public static RunReport Run(
        int cases, int processes, Func<double> noise, double deviation, double slowdown = 1, double drift = 0, int firstProcess = 0)
    {
        IReadOnlyList<IReadOnlyList<double>> Times(double level) =>
        [
            .. Enumerable.Range(firstProcess, processes)
                .Select(IReadOnlyList<double> (process) => [level * Math.Exp(deviation * noise() + drift * process)]),
        ];
        return new RunReport
        {
            Results =
            [
                .. Enumerable.Range(0, cases)
                    .Select(number => (Number: number, Factor: number == 0 ? slowdown : 1))
                    .Select(entry => Case($"model-{entry.Number}", new CaseSamples
                    {
                        LoadTimeSec = Times(entry.Factor),
                        FirstTokenLatencyMs = Times(10 * entry.Factor),
                        TotalInferenceTimeSec = Times(0.5 * entry.Factor),
                    })),
            ],
        };
    }

    /// <summary>A case with the samples of three timed metrics.</summary>
    public static CaseResult Case(string model, CaseSamples samples) => new()
    {
        ModelName = model,
        Quantization = "FP16",
        Success = true,
        LoadTimeSec = 1,
        FirstTokenLatencyMs = 10,
        ThroughputTokensPerSec = 100,
        NumTokensGenerated = 50,
        Samples = samples,
    };
}
