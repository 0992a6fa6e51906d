using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

namespace GptQuantBench.Gpu.Tests;

internal static class Program
{
    /// <summary>Runs the tests, or as a child process of one a scenario.</summary>
    private static async Task<int> Main(string[] args)
    {
        if (args is [ChildProcess.Option, string scenario])
        {
            return ChildScenarios.Run(scenario);
        }

        return args.Contains("--server") || args.Contains("--internal-msbuild-node")
            ? await TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
            : await ConsoleRunner.Run(args);
    }
}
