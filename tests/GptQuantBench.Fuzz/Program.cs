using System.Globalization;
using SharpFuzz;
using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

namespace GptQuantBench.Fuzz;

internal static class Program
{
    private const string FuzzOption = "--fuzz";

    /// <summary>Runs the tests, or as a target of AFL++ that keeps in a file how many bytes reading the costliest input allocated.</summary>
    private static async Task<int> Main(string[] args)
    {
        if (args is [FuzzOption, string name, string memory])
        {
            var most = File.Exists(memory) ? long.Parse(File.ReadAllText(memory), CultureInfo.InvariantCulture) : 0;
            using var target = FuzzTarget.Create(name);
            Fuzzer.OutOfProcess.Run(stream =>
            {
                using var input = new MemoryStream();
                stream.CopyTo(input);
                target.Run(input.ToArray());
                if (target.MostAllocated > most)
                {
                    most = target.MostAllocated;
                    File.WriteAllText(memory, most.ToString(CultureInfo.InvariantCulture));
                }
            });
            return 0;
        }

        return args.Contains("--server") || args.Contains("--internal-msbuild-node")
            ? await TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
            : await ConsoleRunner.Run(args);
    }
}
