using System.Collections.Immutable;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Order;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using GptQuantBench.Benchmarks;

namespace GptQuantBench.Configuration;

/// <summary>
/// Case by case in the order of the settings, FP16 first, and in a case phase by phase; BenchmarkDotNet's own order would sort names.
/// </summary>
internal sealed class CaseOrderer(RunSettings settings) : DefaultOrderer
{
    /// <inheritdoc />
    public override IEnumerable<BenchmarkCase> GetExecutionOrder(
        ImmutableArray<BenchmarkCase> benchmarksCase, IEnumerable<BenchmarkLogicalGroupRule>? order = null) =>
        InCaseOrder(benchmarksCase);

    /// <inheritdoc />
    public override IEnumerable<BenchmarkCase> GetSummaryOrder(ImmutableArray<BenchmarkCase> benchmarksCases, Summary summary) =>
        InCaseOrder(benchmarksCases);

    private IOrderedEnumerable<BenchmarkCase> InCaseOrder(ImmutableArray<BenchmarkCase> cases) => cases
        .OrderBy(benchmark => IndexOf(settings.Models.Select(model => model.Name), benchmark.ModelName()))
        .ThenBy(benchmark => IndexOf(settings.Formats, benchmark.FormatName()))
        .ThenBy(benchmark => benchmark.IsMainJob() ? benchmark.Phase() : default);

    private static int IndexOf(IEnumerable<string> names, string name) => names.TakeWhile(other => other != name).Count();
}
