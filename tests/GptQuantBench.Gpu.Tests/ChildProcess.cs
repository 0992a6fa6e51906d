using System.Diagnostics;
using System.Reflection;

namespace GptQuantBench.Gpu.Tests;

/// <summary>Starts this program again for one scenario.</summary>
internal static class ChildProcess
{
    /// <summary>First argument of a child.</summary>
    public const string Option = "--child";

    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(2);

    /// <summary>Runs a scenario to its end.</summary>
    /// <returns>What it printed, by the word before the first colon of each line.</returns>
    public static Dictionary<string, string> Run(string scenario)
    {
        string host = Environment.ProcessPath!;
        ProcessStartInfo start = new(host) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (Path.GetFileNameWithoutExtension(host) == "dotnet")
        {
            start.ArgumentList.Add(Assembly.GetExecutingAssembly().Location);
        }

        start.ArgumentList.Add(Option);
        start.ArgumentList.Add(scenario);
        using Process child = Process.Start(start)!;
        Task<string> output = child.StandardOutput.ReadToEndAsync();
        Task<string> error = child.StandardError.ReadToEndAsync();
        if (!child.WaitForExit(_limit))
        {
            child.Kill(entireProcessTree: true);
            Assert.Fail($"The scenario {scenario} did not end within {_limit}.");
        }

        child.WaitForExit();
        Assert.True(child.ExitCode == 0, $"The scenario {scenario} ended with {child.ExitCode}: {output.Result}{error.Result}");
        return output.Result
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.TrimEnd('\r').Split(": ", 2))
            .ToDictionary(parts => parts[0], parts => parts[1]);
    }
}
