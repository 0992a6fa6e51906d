using System.CommandLine;
using GptQuantBench.Exporters;
using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Commands;

/// <summary><c>info</c>: what this machine and this program offer.</summary>
internal static class InfoCommand
{
    private static readonly Option[] _options = [Options.Device, Options.Decode, Options.Kernels];

    /// <summary>Runs; returns the exit code.</summary>
    public static int Execute(string[] arguments)
    {
        var result = VerbParser.Parse(Verbs.Info, _options, arguments);
        if (result.GetValue(Options.Help))
        {
            return HelpPage.WriteVerb(Verbs.Info, "Shows version, machine, backends and known models.", _options, "");
        }

        var host = MachineFacts.Host;
        Console.WriteLine($"GptQuantBench {ToolVersion.Text}{(ToolVersion.Commit is { } commit ? $" (commit {commit})" : "")}");
        Console.WriteLine($"System:   {host.Os}, {host.Runtime}");
        Console.WriteLine($"CPU:      {host.Cpu}, {host.Cores} cores, {host.RamGb} GB");
        foreach (var backend in BackendRegistry.All)
        {
            var options = BackendChoice.Options(result);
            var availability = backend.Probe(options);
            var check = availability.IsAvailable ? backend.Check(options) : new DeviceCheck(availability.Reason);
            Console.WriteLine($"Backend:  {backend.Name}: {check.Obstacle ?? $"{availability.Device} {check.Notice}".TrimEnd()}");
        }

        Console.WriteLine($"Models:   {string.Join(", ", ModelCatalogue.All.Select(model => model.Name))}");
        return ExitCode.Success;
    }
}
