using System.Diagnostics;
using System.Reflection;
using System.Text.Json;
using Xunit.Runner.Common;
using Xunit.Sdk;
using Xunit.v3;

namespace GptQuantBench.Mutation;

/// <summary>
/// Entry point of a test program whose tested assembly is one of Stryker's, with all mutants in it and a switch. Reads orders from
/// standard input, one a line, and answers each with a line of JSON on standard output:
/// <code>
/// cover TEST              what the test reaches, and its seconds without a mutant
/// judge MUTANT TEST...    the first test that fails with the mutant switched on, if any
/// </code>
/// The first line out lists the tests. Whoever gives the orders ends the process when an answer takes too long.
/// </summary>
internal static class MutantJudge
{
    private const int NoMutant = -1;

    private static async Task Main(string[] args)
    {
        if (args is ["quicken", var path])
        {
            QuickSwitch.Put(path);
            return;
        }

        var answers = Console.Out;
        Console.SetOut(TextWriter.Null);
        var mutants = new MutantSwitch(Assembly.Load(args[0]));
        mutants.Activate(args.Length > 1 ? int.Parse(args[1]) : NoMutant);

        var tests = await TestSet.FindAsync();
        answers.WriteLine(JsonSerializer.Serialize(tests.Names));
        while (Console.In.ReadLine() is { } line)
        {
            var order = line.Split(' ');
            if (order[0] == "cover")
            {
                var reached = await mutants.CoverAsync(() => tests.FailsAsync(order[1]));
                var start = Stopwatch.GetTimestamp();
                var fails = await tests.FailsAsync(order[1]);
                answers.WriteLine(JsonSerializer.Serialize(new { reached, fails, seconds = Stopwatch.GetElapsedTime(start).TotalSeconds }));
            }
            else
            {
                mutants.Activate(int.Parse(order[1]));
                string? killer = null;
                for (var i = 2; i < order.Length && killer is null; i++)
                {
                    killer = await tests.FailsAsync(order[i]) ? order[i] : null;
                }

                mutants.Activate(NoMutant);
                answers.WriteLine(JsonSerializer.Serialize(new { killer }));
            }
        }
    }
}

/// <summary>The switch inside a mutated assembly (<see cref="QuickSwitch"/>).</summary>
internal sealed class MutantSwitch
{
    private const int MostMutants = 1 << 16;

    private readonly FieldInfo _active;
    private readonly FieldInfo _reached;

    public MutantSwitch(Assembly mutated)
    {
        var control = mutated.GetTypes().Single(type => type.Name == QuickSwitch.Control);
        _active = control.GetField("ActiveMutant")!;
        _reached = control.GetField(QuickSwitch.Reached)!;
    }

    public void Activate(int mutant) => _active.SetValue(null, mutant);

    public async Task<int[]> CoverAsync(Func<Task> run)
    {
        var marks = new byte[MostMutants];
        _reached.SetValue(null, marks);
        await run();
        _reached.SetValue(null, null);
        return [.. Enumerable.Range(0, MostMutants).Where(mutant => marks[mutant] != 0)];
    }
}

/// <summary>The tests of this program, each run alone.</summary>
internal sealed class TestSet : IMessageSink
{
    private readonly Dictionary<string, ITestCase> _cases = [];
    private readonly ITestFrameworkExecutor _executor;
    private readonly ITestFrameworkExecutionOptions _options = TestFrameworkOptions.ForExecution(
        new TestAssemblyConfiguration { ParallelMode = ParallelMode.None, SynchronousMessageReporting = true });
    private bool _hasFailed;

    private TestSet(ITestFrameworkExecutor executor) => _executor = executor;

    /// <summary>From each test's id to its name.</summary>
    public IEnumerable<KeyValuePair<string, string>> Names => _cases.Select(test => KeyValuePair.Create(test.Key, test.Value.TestCaseDisplayName));

    public static async Task<TestSet> FindAsync()
    {
        var assembly = Assembly.GetExecutingAssembly();
        TestContext.SetForInitialization(null, false, false);
        var framework = RegisteredEngineConfig.GetTestFramework(assembly, null);
        var set = new TestSet(framework.GetExecutor(assembly));
        var options = TestFrameworkOptions.ForDiscovery(new TestAssemblyConfiguration { PreEnumerateTheories = true });
        await framework.GetDiscoverer(assembly).Find(
            test =>
            {
                set._cases.TryAdd(test.UniqueID, test);
                return new(true);
            },
            options,
            null,
            null);
        return set;
    }

    public async Task<bool> FailsAsync(string test)
    {
        _hasFailed = false;
        TestContext.SetForInitialization(null, false, false);
        await _executor.RunTestCases([_cases[test]], this, _options, null);
        return _hasFailed;
    }

    public bool OnMessage(IMessageSinkMessage message)
    {
        _hasFailed |= message is IErrorMetadata;
        return !_hasFailed;
    }
}
