using System.CommandLine;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Commands;

/// <summary>From <c>--models</c>, <c>--model-path</c> and <c>--weights</c> to files.</summary>
internal static class ModelChoice
{
    /// <summary>Seed of synthetic weights and of sampling where the user gives none.</summary>
    public const ulong DefaultSeed = 42;

    /// <summary>The models, their files found, made or checked; nothing is left to fail but what the weights' values can.</summary>
    /// <param name="result">The arguments.</param>
    /// <param name="artifactsDirectory">Where synthetic weights are kept.</param>
    /// <param name="defaultModels">Models where the user names none.</param>
    /// <param name="notify">Receives one sentence about each model's weights.</param>
    public static IReadOnlyList<ModelLocation> Locate(
        ParseResult result, string artifactsDirectory, Action<string> notify, string defaultModels = ModelCatalogue.MainJob)
    {
        var weights = result.Choice(Options.Weights, "auto", "synthetic");
        if (Folder(result) is { } folder)
        {
            return [Checked(folder, notify)];
        }

        var seed = result.UInt64(Options.Seed, DefaultSeed);
        var choice = weights == "synthetic" ? WeightsChoice.Synthetic : WeightsChoice.Auto;
        CatalogueModel[] models = [.. Catalogued(result, defaultModels)];
        if (choice == WeightsChoice.Auto)
        {
            AutomaticDownload.Run(models, notify);
        }

        return [.. models.Select(model => Checked(ModelLocator.Locate(model, choice, seed, artifactsDirectory), notify))];
    }

    /// <summary>The models by name alone, nothing looked for and nothing made.</summary>
    public static IReadOnlyList<ModelLocation> Named(ParseResult result) =>
    [
        .. (Folder(result) is { } folder ? [folder.Name] : Catalogued(result, ModelCatalogue.MainJob).Select(model => model.Name))
            .Select(name => new ModelLocation { Name = name, WeightsFile = "", Origin = WeightOrigin.Synthetic }),
    ];

    private static ModelLocation? Folder(ParseResult result) => result.GetValue(Options.ModelPath) switch
    {
        null => null,
        _ when result.GetValue(Options.Models) is not null =>
            throw new UserErrorException("Options --models and --model-path exclude each other; give one of them."),
        var path => ModelLocator.FromDirectory(path),
    };

    private static IEnumerable<CatalogueModel> Catalogued(ParseResult result, string defaultModels) =>
        result.Names(Options.Models, defaultModels).Select(ModelCatalogue.Get);

    private static ModelLocation Checked(ModelLocation location, Action<string> notify)
    {
        if (location.Origin == WeightOrigin.Synthetic && !File.Exists(location.WeightsFile))
        {
            notify($"{location.Name}: no real weights at hand; making synthetic ones of the exact shapes (once)...");
        }

        SyntheticCheckpoint.Ensure(location);
        using var opened = OpenedModel.Open(location);
        notify($"{location.Name}: {(location.Origin == WeightOrigin.Real ? "real" : "synthetic")} weights from {Shown(location.WeightsFile)}");
        _ = opened.Tokenizer;
        return location;
    }

    /// <summary>
    /// Relative where the file lies below the current folder and that is in a repository, else the file and its folder: reports are passed
    /// on, and need not tell where a user's home is, or what a temporary folder was called.
    /// </summary>
    private static string Shown(string file)
    {
        var current = Directory.GetCurrentDirectory();
        var relative = Path.GetRelativePath(current, file);
        return relative.StartsWith("..", StringComparison.Ordinal) || Path.IsPathRooted(relative) || ArtifactsDirectory.RepositoryRoot(current) is null
            ? Path.Combine(Path.GetFileName(Path.GetDirectoryName(file))!, Path.GetFileName(file))
            : relative;
    }
}
