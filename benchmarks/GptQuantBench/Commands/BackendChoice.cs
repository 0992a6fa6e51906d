using System.CommandLine;
using GptQuantBench.Inference.Backends;

namespace GptQuantBench.Commands;

/// <summary>From <c>--backend</c>, <c>--device</c>, <c>--decode</c> and <c>--require-gpu</c> to a backend that runs here.</summary>
internal static class BackendChoice
{
    private const string RequireGpuVariable = "GPTQUANTBENCH_REQUIRE_GPU";

    /// <summary>What the user says about the device.</summary>
    public static BackendOptions Options(ParseResult result) => new(
        result.Int(Commands.Options.Device, 0, 0, 1023),
        result.GetValue(Commands.Options.Decode) ?? "auto",
        result.GetValue(Commands.Options.Kernels) is { } folder ? Path.GetFullPath(folder) : null);

    /// <summary>The backend.</summary>
    /// <param name="result">The arguments.</param>
    /// <param name="notify">Receives one sentence that names it and says why.</param>
    /// <exception cref="UserErrorException">The backend can't run, or a GPU is required and none can.</exception>
    public static IBackend Select(ParseResult result, Action<string> notify)
    {
        var options = Options(result);
        var name = result.Choice(Commands.Options.Backend, "auto", "cuda", "cpu");
        var requireGpu = result.GetValue(Commands.Options.RequireGpu) || Environment.GetEnvironmentVariable(RequireGpuVariable) == "1";
        if (requireGpu)
        {
            name = name == "cpu"
                ? throw new UserErrorException($"--backend cpu contradicts --require-gpu (or {RequireGpuVariable}=1); drop one of them.")
                : "cuda";
        }

        var selection = BackendRegistry.Select(name, options);
        if (selection.Notice is { } notice)
        {
            notify(notice);
        }

        return selection.Backend ?? throw new UserErrorException(requireGpu
            ? $"A GPU is required (--require-gpu or {RequireGpuVariable}=1), and none can be used: {selection.Error}"
            : selection.Error!);
    }
}
