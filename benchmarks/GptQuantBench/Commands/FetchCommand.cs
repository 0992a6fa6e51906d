using System.CommandLine;
using GptQuantBench.Inference.Hub;
using GptQuantBench.Inference.Models;
using GptQuantBench.Progress;

namespace GptQuantBench.Commands;

/// <summary><c>fetch</c>: brings models into the Hugging Face cache. Writes their folders to stdout.</summary>
internal static class FetchCommand
{
    private static readonly Option[] _options = [];

    private static readonly Argument<string[]> _models = new("models") { Arity = ArgumentArity.ZeroOrMore };

    /// <summary>Runs; returns the exit code.</summary>
    public static int Execute(string[] arguments)
    {
        var result = VerbParser.Parse(Verbs.Fetch, _options, arguments, _models);
        if (result.GetValue(Options.Help))
        {
            return HelpPage.WriteVerb(
                $"{Verbs.Fetch} MODEL ...",
                "Downloads models from the Hugging Face hub (HF_ENDPOINT, HF_TOKEN) into the cache that transformers shares (HF_HOME, HF_HUB_CACHE); goes on where a stopped download left off. MODEL is a name, owner/name or owner/name@revision.",
                _options,
                "gpt2 gpt2-medium",
                "distilgpt2",
                "openai-community/gpt2@607a30d783dfa663caf39e06633721c8d4cfcd7e");
        }

        HubModelId[] models = result.GetValue(_models) is [_, ..] names
            ? [.. names.Distinct().Select(HubModelId.Parse)]
            : throw new UserErrorException("No model was named; give one, such as: fetch gpt2.");
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
