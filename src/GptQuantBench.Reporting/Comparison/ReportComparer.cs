using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Comparison;

/// <summary>Compares two runs. docs/comparison.md describes the method and what it was proved with.</summary>
public static class ReportComparer
{
    /// <summary>The comparison; without any common case its list of cases is empty.</summary>
    /// <param name="before">The base run.</param>
    /// <param name="after">The new run.</param>
    /// <param name="options">What counts as a difference.</param>
    /// <exception cref="Json.ReportFormatException">A case was measured in too many processes.</exception>
    public static ReportComparison Compare(RunReport before, RunReport after, ComparisonOptions options)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        ArgumentNullException.ThrowIfNull(options);
        IReadOnlyList<CasePair> pairs = Pair(before.Results, after.Results);
        CasePair[] judged = [.. pairs.Where(pair => pair.Base.Success && pair.New.Success && pair.Differences.Count == 0)];
        var timed = new Queue<IReadOnlyList<MetricComparison>>(TimedComparison.Of(judged, options));
        CaseVerdicts[] cases = [.. pairs.Select(pair => Verdicts(pair, timed))];
        return new ReportComparison
        {
            Base = ComparedRun.Of(before),
            New = ComparedRun.Of(after),
            Threshold = options.Threshold,
            Cases = cases,
            Warnings =
            [
                .. SameRun(before.Metadata, after.Metadata),
                .. ConditionDifferences.Of(before.Metadata, after.Metadata),
                .. Unsuited("base", before.Metadata),
                .. Unsuited("new", after.Metadata),
                .. Unpaired(before.Results.Where(row => !pairs.Any(pair => ReferenceEquals(pair.Base, row))), "base"),
                .. Unpaired(after.Results.Where(row => !pairs.Any(pair => ReferenceEquals(pair.New, row))), "new"),
                .. Unjudged(cases),
            ],
        };
    }

    /// <summary>Rows of equal work first; of the rest, rows of the same model and format, so that what differs can be named.</summary>
    private static IReadOnlyList<CasePair> Pair(IReadOnlyList<CaseResult> before, IReadOnlyList<CaseResult> after)
    {
        var rest = new List<CaseResult>(after);
        var partners = new CaseResult?[before.Count];
        foreach (bool mustBeEqual in new[] { true, false })
        {
            for (int index = 0; index < before.Count; index++)
            {
                CaseResult row = before[index];
                CaseResult? partner = partners[index] is not null ? null : rest
                    .Where(other => other.ModelName == row.ModelName && other.Quantization == row.Quantization)
                    .OrderByDescending(other => other.Device == row.Device)
                    .FirstOrDefault(other => !mustBeEqual || new CasePair(row, other).Differences.Count == 0);
                if (partner is not null)
                {
                    partners[index] = partner;
                    rest.RemoveAll(other => ReferenceEquals(other, partner));
                }
            }
        }

        return [.. before.Zip(partners).Where(pair => pair.Second is not null).Select(pair => new CasePair(pair.First, pair.Second!))];
    }

    private static CaseVerdicts Verdicts(CasePair pair, Queue<IReadOnlyList<MetricComparison>> timed)
    {
        var described = new CaseVerdicts
        {
            ModelName = pair.Base.ModelName,
            Quantization = pair.Base.Quantization,
            Backend = pair.Base.Backend ?? pair.New.Backend,
            Decode = pair.Base.Decode ?? pair.New.Decode,
        };
        return (pair.Base.Success, pair.New.Success) switch
        {
            _ when pair.Differences.Count > 0 => described with { NotComparable = pair.Differences },
            (true, true) => described with { Metrics = [.. timed.Dequeue(), .. ExactComparison.Of(pair)] },
            (true, false) => described with { Metrics = [Success(Verdict.Worse, $"It failed in the new run: {pair.New.Error ?? "no reason given"}")] },
            (false, true) => described with { Metrics = [Success(Verdict.Better, $"It failed in the base run: {pair.Base.Error ?? "no reason given"}")] },
            (false, false) => described with { NotComparable = ["the case failed in both runs"] },
        };
    }

    private static MetricComparison Success(Verdict verdict, string note) => new()
    {
        Metric = "success",
        Name = "Success",
        Unit = "",
        Verdict = verdict,
        Wording = verdict == Verdict.Worse ? "failed" : "no longer fails",
        Note = TextPreview.SingleLine(note),
    };

    private static IEnumerable<string> SameRun(RunMetadata before, RunMetadata after)
    {
        if (before.StartedAt is { } start && start == after.StartedAt && before.Shard == after.Shard && Equals(before.Host, after.Host))
        {
            yield return "Both reports are of one and the same run; the second must be of another.";
        }
    }

    private static IEnumerable<string> Unsuited(string which, RunMetadata metadata)
    {
        if (metadata.Smoke is true)
        {
            yield return $"The {which} run is a smoke run, whose figures are no measurement.";
        }

        if (metadata.Toolchain == ToolchainKind.InProcess)
        {
            yield return $"The {which} run measured in one process, so its launches are not independent; run without --inProcess.";
        }
    }

    private static IEnumerable<string> Unpaired(IEnumerable<CaseResult> rows, string which) => rows
        .Select(row => $"{row.ModelName} {row.Quantization} is in the {which} report only.");

    private static IEnumerable<string> Unjudged(CaseVerdicts[] cases)
    {
        if (cases.SelectMany(pair => pair.Metrics).Any(metric => metric.Verdict == Verdict.TooFewSamples))
        {
            yield return $"Too few samples for a verdict on times: {ComparisonOptions.MinimumProcesses} processes a side are the least, "
                + "five or more are better; run with --launchCount 5.";
        }

        if (cases.Length > 0 && cases.All(pair => pair.Metrics.Count == 0))
        {
            yield return "No case could be compared.";
        }
    }
}
