using ArchUnitNET.Fluent.Syntax.Elements.Types;
using ArchUnitNET.Loader;
using GptQuantBench.Benchmarks;
using GptQuantBench.Inference.Models;
using GptQuantBench.Reporting.Records;
using static ArchUnitNET.Fluent.ArchRuleDefinition;
using Architecture = ArchUnitNET.Domain.Architecture;

namespace GptQuantBench.Tests.House;

/// <summary>Cuda ← Inference ← benchmarks → Reporting, and nothing else.</summary>
public sealed class ArrowTests
{
    private const string Cuda = "GptQuantBench.Cuda";
    private const string Inference = "GptQuantBench.Inference";
    private const string Reporting = "GptQuantBench.Reporting";
    private const string Program = "GptQuantBench";

    private static readonly System.Reflection.Assembly[] _assemblies =
    [
        typeof(MainJob).Assembly,
        typeof(ModelConfiguration).Assembly,
        typeof(RunReport).Assembly,
        System.Reflection.Assembly.Load(Cuda),
        System.Reflection.Assembly.Load("BenchmarkDotNet"),
    ];

    private static readonly Architecture _architecture = new ArchLoader().LoadAssemblies(_assemblies).Build();

    public static TheoryData<string, string> ForbiddenArrows => new()
    {
        { Cuda, Inference },
        { Cuda, Reporting },
        { Cuda, Program },
        { Cuda, "BenchmarkDotNet" },
        { Inference, Reporting },
        { Inference, Program },
        { Inference, "BenchmarkDotNet" },
        { Reporting, Cuda },
        { Reporting, Inference },
        { Reporting, Program },
        { Reporting, "BenchmarkDotNet" },
        { Program, Cuda },
    };

    [Theory]
    [MemberData(nameof(ForbiddenArrows))]
    public void ForbiddenArrowIsNotThere(string from, string to)
    {
        var rule = Rule(from, to);
        Assert.True(rule.HasNoViolations(_architecture), string.Join('\n', rule.Evaluate(_architecture).Select(result => result.Description)));
        Assert.DoesNotContain(to, Assembly(from).GetReferencedAssemblies().Select(name => name.Name));
    }

    [Theory]
    [InlineData(Program, Inference)]
    [InlineData(Program, Reporting)]
    [InlineData(Program, "BenchmarkDotNet")]
    public void AllowedArrowIsSeenByTheSameRule(string from, string to) => Assert.False(Rule(from, to).HasNoViolations(_architecture));

    private static TypesShouldConjunction Rule(string from, string to) =>
        Types().That().ResideInAssembly(Assembly(from)).Should().NotDependOnAny(Types().That().ResideInAssembly(Assembly(to)));

    private static System.Reflection.Assembly Assembly(string name) => _assemblies.Single(assembly => assembly.GetName().Name == name);
}
