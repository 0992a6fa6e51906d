using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Tests.Checkpoints;

public sealed class ModelLocatorTests : IDisposable
{
    private const string Commit = "607a30d783dfa663caf39e06633721c8d4cfcd7e";

    private static readonly CatalogueModel _gpt2 = ModelCatalogue.Get("gpt2");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_folder_is_named_after_itself()
    {
        Touch("my-model/config.json", "my-model/model.safetensors");
        ModelLocation location = ModelLocator.FromDirectory(_folder["my-model"] + "/");
        Assert.Equal("my-model", location.Name);
        Assert.Equal(_folder["my-model/config.json"], location.ConfigurationFile);
        Assert.Equal(_folder["my-model/model.safetensors"], location.WeightsFile);
        Assert.Null(location.VocabularyFile);
        Assert.Null(location.MergesFile);
        Assert.Equal(WeightOrigin.Real, location.Origin);
    }

    [Fact]
    public void Both_vocabulary_files_are_taken()
    {
        Touch("m/config.json", "m/model.safetensors", "m/vocab.json", "m/merges.txt");
        ModelLocation location = ModelLocator.FromDirectory(_folder["m"]);
        Assert.Equal(_folder["m/vocab.json"], location.VocabularyFile);
        Assert.Equal(_folder["m/merges.txt"], location.MergesFile);
    }

    [Theory]
    [InlineData("vocab.json", "merges.txt")]
    [InlineData("merges.txt", "vocab.json")]
    public void One_vocabulary_file_alone_is_an_error(string present, string absent)
    {
        Touch("m/config.json", "m/model.safetensors", "m/" + present);
        TestCheckpoints.Refuses(() => ModelLocator.FromDirectory(_folder["m"]), $"has {present} but no {absent}");
    }

    [Fact]
    public void An_index_serves_where_there_is_no_single_file()
    {
        Touch("m/config.json", "m/model.safetensors.index.json");
        Assert.EndsWith("index.json", ModelLocator.FromDirectory(_folder["m"]).WeightsFile, StringComparison.Ordinal);
        Touch("m/model.safetensors");
        Assert.EndsWith("model.safetensors", ModelLocator.FromDirectory(_folder["m"]).WeightsFile, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("m/config.json", "has no model.safetensors and no model.safetensors.index.json")]
    [InlineData("m/model.safetensors", "has no config.json")]
    public void A_missing_file_is_named(string present, string what)
    {
        Touch(present);
        TestCheckpoints.Refuses(() => ModelLocator.FromDirectory(_folder["m"]), _folder["m"], what);
    }

    [Fact]
    public void A_folder_must_be_a_folder()
    {
        Touch("file");
        TestCheckpoints.Refuses(() => ModelLocator.FromDirectory(_folder["absent"]), "does not exist", "--model-path");
        TestCheckpoints.Refuses(() => ModelLocator.FromDirectory(_folder["file"]), "is a file");
        TestCheckpoints.Refuses(() => ModelLocator.FromDirectory(""), "does not exist");
    }

    [Theory]
    [InlineData("hub", "HF_HUB_CACHE", "hub")]
    [InlineData("hub", "HUGGINGFACE_HUB_CACHE", "hub")]
    [InlineData("home/hub", "HF_HOME", "home")]
    [InlineData("xdg/huggingface/hub", "XDG_CACHE_HOME", "xdg")]
    [InlineData("user/.cache/huggingface/hub", "HOME", "user")]
    public void The_cache_is_found_through_each_variable(string cache, string variable, string value)
    {
        string snapshot = Snapshot(cache, "models--openai-community--gpt2");
        ModelLocation? location = FromCache((variable, _folder[value]));
        Assert.Equal(Path.Combine(snapshot, "model.safetensors"), location?.WeightsFile);
        Assert.Equal(Path.Combine(snapshot, "config.json"), location?.ConfigurationFile);
        Assert.Equal("gpt2", location?.Name);
        Assert.Equal(WeightOrigin.Real, location?.Origin);
    }

    [Fact]
    public void A_variable_that_comes_first_hides_the_others()
    {
        Snapshot("home/hub", "models--openai-community--gpt2");
        Assert.Null(FromCache(("HF_HUB_CACHE", _folder["elsewhere"]), ("HF_HOME", _folder["home"])));
        Assert.NotNull(FromCache(("HF_HUB_CACHE", ""), ("HF_HOME", _folder["home"]), ("XDG_CACHE_HOME", _folder["elsewhere"])));
    }

    /// <summary>As in huggingface_hub's constants.py: the newer name before the older, both before HF_HOME, that before XDG_CACHE_HOME.</summary>
    [Fact]
    public void The_more_special_variable_wins()
    {
        Snapshot("hub", "models--openai-community--gpt2");
        string right = _folder["hub"];
        string wrong = _folder["elsewhere"];
        Assert.NotNull(FromCache(("HF_HUB_CACHE", right), ("HUGGINGFACE_HUB_CACHE", wrong)));
        Assert.Null(FromCache(("HF_HUB_CACHE", wrong), ("HUGGINGFACE_HUB_CACHE", right)));
        Assert.NotNull(FromCache(("HUGGINGFACE_HUB_CACHE", right), ("HF_HOME", wrong)));
        Assert.NotNull(FromCache(("HF_HOME", _folder.Path), ("XDG_CACHE_HOME", wrong)));
        Assert.Null(FromCache(("HF_HOME", wrong), ("XDG_CACHE_HOME", _folder.Path)));
    }

    [Fact]
    public void A_tilde_is_the_home_folder()
    {
        Snapshot("user/hf/hub", "models--openai-community--gpt2");
        Assert.NotNull(FromCache(("HF_HOME", "~/hf"), ("HOME", _folder["user"])));
    }

    [Fact]
    public void The_old_repository_name_serves_too()
    {
        string old = Snapshot("hub", "models--gpt2");
        Assert.StartsWith(old, FromHub()!.WeightsFile, StringComparison.Ordinal);
        string present = Snapshot("hub", "models--openai-community--gpt2");
        Assert.StartsWith(present, FromHub()!.WeightsFile, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_model_of_the_cache_is_not_taken()
    {
        Snapshot("hub", "models--openai-community--gpt2-medium");
        Assert.Null(FromHub());
    }

    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("config.json")]
    public void A_snapshot_without_one_of_its_files_is_not_usable(string missing)
    {
        string snapshot = Snapshot("hub", "models--openai-community--gpt2");
        File.Delete(Path.Combine(snapshot, missing));
        Touch(Path.Combine(snapshot, "pytorch_model.bin"));
        Assert.Null(FromHub());
    }

    [Theory]
    [InlineData("")]
    [InlineData("../../..")]
    [InlineData("0000000000000000000000000000000000000000")]
    public void A_reference_to_no_snapshot_is_not_usable(string commit)
    {
        Snapshot("hub", "models--openai-community--gpt2");
        File.WriteAllText(_folder["hub/models--openai-community--gpt2/refs/main"], commit);
        Assert.Null(FromHub());
    }

    /// <summary>There are model files where each of these would lead.</summary>
    [Theory]
    [InlineData("", "")]
    [InlineData("../outside", "../outside")]
    [InlineData("a/b", "a/b")]
    public void A_reference_that_is_no_commit_is_not_followed(string commit, string folder)
    {
        string snapshots = "hub/models--openai-community--gpt2/snapshots";
        Snapshot("hub", "models--openai-community--gpt2");
        Touch(Path.Combine(snapshots, folder, "config.json"), Path.Combine(snapshots, folder, "model.safetensors"));
        File.WriteAllText(_folder["hub/models--openai-community--gpt2/refs/main"], commit);
        Assert.Null(FromHub());
    }

    [Fact]
    public void A_reference_that_is_too_long_for_a_commit_is_not_read()
    {
        Snapshot("hub", "models--openai-community--gpt2");
        File.AppendAllText(_folder["hub/models--openai-community--gpt2/refs/main"], "\n" + new string(' ', 256 - Commit.Length - 1));
        Assert.NotNull(FromHub());
        File.AppendAllText(_folder["hub/models--openai-community--gpt2/refs/main"], " ");
        Assert.Null(FromHub());
    }

    [Fact]
    public void A_lock_is_held_by_one_and_comes_free()
    {
        using (IDisposable? held = FileLock.TryTake(_folder["lock"]))
        {
            Assert.NotNull(held);
            Assert.Null(FileLock.TryTake(_folder["lock"]));
        }

        using IDisposable? again = FileLock.TryTake(_folder["lock"]);
        Assert.NotNull(again);
        Assert.Throws<DirectoryNotFoundException>(() => FileLock.TryTake(Path.Combine(_folder["lock"], "no", "such")));
    }

    [Fact]
    public void Links_are_followed_and_broken_ones_are_not_usable()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Symbolic links need privileges on Windows.");
        string snapshot = Snapshot("hub", "models--openai-community--gpt2");
        string weights = Path.Combine(snapshot, "model.safetensors");
        string blob = _folder["hub/models--openai-community--gpt2/blobs/abc"];
        File.Move(weights, blob);
        File.CreateSymbolicLink(weights, "../../blobs/abc");
        Assert.Equal(weights, FromHub()?.WeightsFile);
        File.Delete(blob);
        Assert.Null(FromHub());
    }

    [Fact]
    public void A_vocabulary_in_the_cache_is_taken_only_whole()
    {
        string snapshot = Snapshot("hub", "models--openai-community--gpt2");
        Touch(Path.Combine(snapshot, "vocab.json"));
        Assert.Null(FromHub()!.VocabularyFile);
        Touch(Path.Combine(snapshot, "merges.txt"));
        Assert.EndsWith("vocab.json", FromHub()!.VocabularyFile, StringComparison.Ordinal);
        Assert.EndsWith("merges.txt", FromHub()!.MergesFile, StringComparison.Ordinal);
    }

    [Fact]
    public void No_home_at_all_means_no_cache() => Assert.Null(FromCache());

    [Fact]
    public void Real_weights_come_first_unless_synthetic_ones_are_asked_for()
    {
        Snapshot("hub", "models--openai-community--gpt2");
        string? Environment(string name) => name == "HF_HUB_CACHE" ? _folder["hub"] : null;
        Assert.Equal(WeightOrigin.Real, ModelLocator.Locate(_gpt2, WeightsChoice.Auto, 42, _folder.Path, Environment).Origin);
        Assert.Equal(WeightOrigin.Synthetic, ModelLocator.Locate(_gpt2, WeightsChoice.Synthetic, 42, _folder.Path, Environment).Origin);
        ModelLocation fallback = ModelLocator.Locate(_gpt2, WeightsChoice.Auto, 42, _folder.Path, _ => null);
        Assert.Equal(WeightOrigin.Synthetic, fallback.Origin);
        Assert.Equal(_folder["synthetic/gpt2-42.safetensors"], fallback.WeightsFile);
        Assert.Equal(42UL, fallback.SyntheticSeed);
    }

    private ModelLocation? FromHub() => FromCache(("HF_HUB_CACHE", _folder["hub"]));

    private static ModelLocation? FromCache(params (string Name, string Value)[] environment) =>
        ModelLocator.FromHuggingFaceCache(_gpt2, name => environment.FirstOrDefault(variable => variable.Name == name).Value);

    /// <summary>Makes a repository as huggingface_hub leaves it; returns the snapshot's folder.</summary>
    private string Snapshot(string cache, string repository)
    {
        string snapshot = $"{cache}/{repository}/snapshots/{Commit}";
        Touch($"{snapshot}/config.json", $"{snapshot}/model.safetensors");
        File.WriteAllText(_folder[$"{cache}/{repository}/refs/main"], Commit);
        return Path.Combine(_folder.Path, snapshot);
    }

    private void Touch(params string[] names)
    {
        foreach (string name in names)
        {
            File.WriteAllText(_folder[name], "");
        }
    }
}
