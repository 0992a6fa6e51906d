using SharpFuzz;
using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

namespace GptQuantBench.Fuzz;

internal static class Program
{
    private const string FuzzOption = "--fuzz";

    /// <summary>Runs the tests, or as a target of AFL++.</summary>
    private static async Task<int> Main(string[] args)
    {
        if (args is [FuzzOption, string name])
        {
            using var target = FuzzTarget.Create(name);
            Fuzzer.OutOfProcess.Run(stream =>
            {
                using var input = new MemoryStream();
                stream.CopyTo(input);
                target.Run(input.ToArray());
            });
            return 0;
        }

        return args.Contains("--server") || args.Contains("--internal-msbuild-node")
            ? await TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
            : await ConsoleRunner.Run(args);
    }
}
