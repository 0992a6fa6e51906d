using GptQuantBench.Reporting.Json;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Merging;

/// <summary>Makes one report of the reports of a run that was split.</summary>
public static class ReportMerger
{
    private static readonly (string Name, Func<CaseResult, object?> Value)[] _caseSettings =
    [
        ("prompt", result => result.PromptIds is { } ids ? string.Join(' ', ids) : result.Prompt),
        ("number of tokens", result => result.NumTokensGenerated),
        ("batch size", result => result.BatchSize),
        ("seed", result => result.Seed),
        ("temperature", result => result.Temperature),
        ("top-p", result => result.TopP),
    ];

    /// <summary>
    /// All rows, in the order of the whole run where every part is a shard of it, else part by part. Of the metadata stays what all
    /// parts agree on; each part's own is in <see cref="RunReport.Parts"/>.
    /// </summary>
    /// <param name="parts">The reports with their paths, at least one.</param>
    /// <exception cref="ReportFormatException">A case is in two parts, or the parts were made with different settings.</exception>
    public static RunReport Merge(IReadOnlyList<(string Path, RunReport Report)> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        ArgumentOutOfRangeException.ThrowIfZero(parts.Count);
        CheckDuplicates(parts);
        CheckSettings(parts);
        (int Part, CaseResult Row)[] rows = [.. Rows(parts)];
        RunMetadata common = MetadataMerger.Common([.. parts.Select(part => part.Report.Metadata)]);
        return new RunReport
        {
            Metadata = common with { Notices = [.. common.Notices, .. Missing(parts)] },
            Parts =
            [
                .. parts.Select((part, index) => new RunPart
                {
                    File = Path.GetFileName(part.Path),
                    Metadata = part.Report.Metadata,
                    Results = [.. Enumerable.Range(0, rows.Length).Where(row => rows[row].Part == index)],
                }),
            ],
            Results = [.. rows.Select(row => row.Row)],
            Sweeps = [.. parts.SelectMany(part => part.Report.Sweeps)],
            Kernels = [.. parts.SelectMany(part => part.Report.Kernels)],
        };
    }

    private static IEnumerable<(int Part, CaseResult Row)> Rows(IReadOnlyList<(string Path, RunReport Report)> parts)
    {
        ShardName?[] shards = [.. parts.Select(part => ShardName.Parse(part.Report.Metadata.Shard))];
        bool areShards = shards.All(shard => shard is not null) && shards.Select(shard => shard!.Count).Distinct().Count() == 1;
        IEnumerable<(int Part, int Index, CaseResult Row)> all = parts.SelectMany((part, number) =>
            part.Report.Results.Select((row, index) => (number, areShards ? index * shards[number]!.Count + shards[number]!.Number : 0, row)));
        return all.OrderBy(row => row.Index).Select(row => (row.Part, row.Row));
    }

    private static IEnumerable<string> Missing(IReadOnlyList<(string Path, RunReport Report)> parts)
    {
        ShardName[] shards = [.. parts.Select(part => ShardName.Parse(part.Report.Metadata.Shard)).OfType<ShardName>()];
        return shards.Length == 0
            ? []
            : Enumerable.Range(1, shards[0].Count)
                .Except(shards.Select(shard => shard.Number))
                .Select(number => $"Shard {number}/{shards[0].Count} is missing.");
    }

    private static void CheckDuplicates(IReadOnlyList<(string Path, RunReport Report)> parts)
    {
        var seen = new Dictionary<object, string>();
        foreach ((string path, RunReport report) in parts)
        {
            foreach (CaseResult row in report.Results)
            {
                var key = (row.ModelName, row.Quantization, row.Backend, row.Device, row.Decode, row.BatchSize, row.PromptTokens);
                if (!seen.TryAdd(key, path))
                {
                    throw new ReportFormatException(
                        $"{row.ModelName} {row.Quantization} is in '{seen[key]}' and in '{path}': expected each case once; leave one of the reports out.");
                }
            }
        }
    }

    private static void CheckSettings(IReadOnlyList<(string Path, RunReport Report)> parts)
    {
        foreach ((string name, Func<CaseResult, object?> value) in _caseSettings)
        {
            RequireOne(name, parts.SelectMany(part => part.Report.Results.Where(row => row.Success).Select(row => (part.Path, value(row)))));
        }

        foreach (IGrouping<string, (string Path, CaseResult Row)> model in parts
            .SelectMany(part => part.Report.Results.Select(row => (part.Path, Row: row)))
            .GroupBy(entry => entry.Row.ModelName))
        {
            RequireOne($"weights of {model.Key}", model.Select(entry => (entry.Path, (object?)entry.Row.WeightsSha256)));
        }

        RequireOne("toolchain", parts.Select(part => (part.Path, (object?)part.Report.Metadata.Toolchain)));
        RequireOne("--smoke", parts.Select(part => (part.Path, (object?)(part.Report.Metadata.Smoke is true))));
    }

    private static void RequireOne(string name, IEnumerable<(string Path, object? Value)> values)
    {
        (string Path, object? Value)[] known = [.. values.Where(entry => entry.Value is not null)];
        if (known.FirstOrDefault(entry => !entry.Value!.Equals(known[0].Value)) is { Value: not null } other)
        {
            throw new ReportFormatException(
                $"The reports differ in their {name} ('{known[0].Path}': {known[0].Value}; '{other.Path}': {other.Value}): "
                + "expected parts of one run; run the parts with the same settings.");
        }
    }
}
