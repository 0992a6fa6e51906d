using System.Text.Json;
using GptQuantBench.Commands;
using GptQuantBench.Inference.Backends;

namespace GptQuantBench.Benchmarks;

/// <summary>
/// Repeats what the phases of a case do, one launch at a time. After a fault the driver takes no more calls from a process and says
/// only that something faulted; so a new process does the work again and waits for every kernel, and the first wait that fails has the
/// kernel's name. Measured work is never done this way.
/// </summary>
internal static class FaultReplay
{
    /// <summary>More than one: a fault may need what an earlier call left behind.</summary>
    private const int FirstTokenCalls = 4;

    /// <summary>Runs the phases of a case up to one; what came of it goes to stdout as one line of JSON. Returns the exit code.</summary>
    public static int Execute(string model, string format, string phase)
    {
        Console.WriteLine(JsonSerializer.Serialize(Run(RunSettings.Current with { LaunchByLaunch = true }, model, format, Enum.Parse<Phase>(phase))));
        return ExitCode.Success;
    }

    private static Finding Run(RunSettings settings, string model, string format, Phase phase)
    {
        var backend = BackendRegistry.Find(settings.Backend);
        try
        {
            backend.Start(settings.BackendOptions, settings.Planned);
            using var loaded = LoadedCase.Load(settings, model, format);
            for (var call = 0; phase != Phase.LoadModel && call < FirstTokenCalls; call++)
            {
                loaded.FirstToken();
            }

            if (phase == Phase.Generate50)
            {
                loaded.WarmUp();
                loaded.Generate();
                loaded.Model.MeasureReadBandwidth();
            }

            return new(Kernel: null, Error: null);
        }
        catch (Exception exception)
        {
            return new(backend.FaultOf(exception, settings.BackendOptions)?.Kernel, FailureText.Of(exception));
        }
    }

    /// <summary>What the repetition showed.</summary>
    /// <param name="Kernel">The kernel that faulted; null where none did.</param>
    /// <param name="Error">How it failed, in one sentence; null where it did not.</param>
    internal sealed record Finding(string? Kernel, string? Error);
}
