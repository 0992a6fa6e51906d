using System.CommandLine;
using GptQuantBench.Inference.Hub;
using GptQuantBench.Inference.Models;
using GptQuantBench.Progress;

namespace GptQuantBench.Commands;

/// <summary><c>fetch</c>: brings models into the Hugging Face cache. Writes their folders to stdout.</summary>
internal static class FetchCommand
{
    private static readonly Option[] _options = [];

    /// <summary>Runs; returns the exit code.</summary>
    public static int Execute(string[] arguments)
    {
        var names = arguments.Where(argument => !argument.StartsWith('-')).ToArray();
        var result = VerbParser.Parse(Verbs.Fetch, _options, [.. arguments.Except(names)]);
        if (result.GetValue(Options.Help))
        {
            return HelpPage.WriteVerb(
                Verbs.Fetch,
                "Downloads models from the Hugging Face hub into the cache that transformers shares; goes on where a stopped download left off.",
                _options,
                "gpt2 gpt2-medium",
                "distilgpt2",
                "openai-community/gpt2@607a30d783dfa663caf39e06633721c8d4cfcd7e");
        }

        if (names.Length == 0)
        {
            throw new UserErrorException("No model was named; give one, such as: fetch gpt2.");
        }

        HubModelId[] models = [.. names.Select(HubModelId.Parse)];
        var options = HubOptions.FromEnvironment(Environment.GetEnvironmentVariable);
        using var stop = new SignalCancellation();
        foreach (var model in models)
        {
            Console.WriteLine(Fetch(model, options, stop.Token));
        }

        return ExitCode.Success;
    }

    private static string Fetch(HubModelId model, HubOptions options, CancellationToken stop) => DownloadProgress.Show(progress =>
    {
        var snapshot = HubFetcher.ListAsync(model, options, HubPatience.Patient, progress, stop).GetAwaiter().GetResult();
        using var fetcher = new HubFetcher(options, HubPatience.Patient, progress);
        var folder = fetcher.FetchAsync(model, snapshot, stop).GetAwaiter().GetResult();
        var known = model.IsPinned ? null : ModelCatalogue.All.FirstOrDefault(entry => entry.RepositoryId == model.RepositoryId);
        var use = known is null ? "--model-path and the folder below" : $"--models {known.Name}";
        progress.Notice($"{model} is complete at commit {snapshot.Commit}, {snapshot.Files.Sum(file => file.Size) / 1e9:0.###} GB; use it with {use}.");
        return folder;
    });
}
