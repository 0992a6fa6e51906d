using System.Security.Cryptography;
using GptQuantBench.Inference.Checkpoints;

namespace GptQuantBench.Inference.Tests.Checkpoints;

public sealed class SafetensorsCheckpointTests : IDisposable
{
    private const string Index = "model.safetensors.index.json";

    private readonly TemporaryFolder _folder = new();

    public SafetensorsCheckpointTests()
    {
        TestCheckpoints.Write(_folder["one.safetensors"], [("a", "U8", [1], [1]), ("b", "U8", [1], [2])]);
        TestCheckpoints.Write(_folder["two.safetensors"], [("c", "U8", [1], [3])]);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public unsafe void Shards_are_one_checkpoint()
    {
        using SafetensorsCheckpoint checkpoint = Open("""{"metadata":{"total_size":3},"weight_map":{"a":"one.safetensors","c":"two.safetensors","b":"one.safetensors"}}""");
        Assert.Equal(["a", "b", "c"], checkpoint.Tensors.Keys.Order());
        Assert.Equal(3, *checkpoint.Tensors["c"].Data);
        Assert.EndsWith("two.safetensors", checkpoint.Tensors["c"].File, StringComparison.Ordinal);
        Assert.EndsWith(Index, checkpoint.Location, StringComparison.Ordinal);
    }

    [Fact]
    public void A_single_file_is_a_checkpoint()
    {
        using SafetensorsCheckpoint checkpoint = SafetensorsCheckpoint.Open(_folder["one.safetensors"]);
        Assert.Equal(2, checkpoint.Tensors.Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("""{"weight_map":{"a":"one.safetensors","a":"one.safetensors"}}""")]
    [InlineData("""{"weight_map":{"\ud800":"one.safetensors"}}""")]
    [InlineData("""{"weight_map":{"a":"\ud800.safetensors"}}""")]
    public void An_index_that_is_not_a_JSON_object_is_refused(string index) => Refuses(index, "is not a JSON object");

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"weight_map":[]}""")]
    public void An_index_needs_a_weight_map(string index) => Refuses(index, "there is no weight_map object");

    [Theory]
    [InlineData("\"../one.safetensors\"")]
    [InlineData("\"sub/one.safetensors\"")]
    [InlineData("\"/etc/one.safetensors\"")]
    [InlineData("\"sub\\\\one.safetensors\"")]
    [InlineData("\"C:one.safetensors\"")]
    [InlineData("\"one.safetensors\\u0000.safetensors\"")]
    [InlineData("\"..\"")]
    [InlineData("\"\"")]
    [InlineData("\"config.json\"")]
    [InlineData("1")]
    [InlineData("null")]
    [InlineData("{}")]
    public void A_shard_must_be_a_plain_file_name(string shard) =>
        Refuses("{\"weight_map\":{\"a\":" + shard + "}}", "tensor 'a' is mapped to", "not a plain *.safetensors file name");

    [Fact]
    public void A_missing_shard_is_named()
    {
        string message = Assert.Throws<Inference.Models.ModelFormatException>(() =>
            Open("""{"weight_map":{"a":"one.safetensors","b":"one.safetensors","c":"three.safetensors"}}""")).Message;
        Assert.Contains("three.safetensors does not exist", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_listed_tensor_must_be_in_its_shard() =>
        Refuses("""{"weight_map":{"a":"one.safetensors","b":"one.safetensors","c":"one.safetensors"}}""", "tensor 'c' is not in");

    [Fact]
    public void A_tensor_that_is_not_listed_is_refused() =>
        Refuses("""{"weight_map":{"a":"one.safetensors","c":"two.safetensors"}}""", "tensor 'b' of", "is not mapped to that file");

    [Fact]
    public void A_broken_shard_is_named()
    {
        File.AppendAllText(_folder["two.safetensors"], "x");
        string message = Assert.Throws<Inference.Models.ModelFormatException>(() =>
            Open("""{"weight_map":{"a":"one.safetensors","b":"one.safetensors","c":"two.safetensors"}}""")).Message;
        Assert.Contains("two.safetensors is not a valid safetensors file", message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_hash_of_one_file_is_that_of_its_bytes()
    {
        string file = _folder["one.safetensors"];
        string expected = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)));
        Assert.Equal(expected, WeightsHash.Compute(At(file)));
        Assert.Equal(expected, WeightsHash.Compute(At(file)));
        File.WriteAllBytes(file, [1, 2, 3]);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData([1, 2, 3])), WeightsHash.Compute(At(file)));
    }

    [Fact]
    public void The_hash_of_shards_is_that_of_their_hashes_in_the_order_of_names()
    {
        File.WriteAllText(_folder[Index], """{"weight_map":{"c":"two.safetensors","a":"one.safetensors","b":"one.safetensors"}}""");
        byte[] one = SHA256.HashData(File.ReadAllBytes(_folder["one.safetensors"]));
        byte[] two = SHA256.HashData(File.ReadAllBytes(_folder["two.safetensors"]));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData([.. one, .. two])), WeightsHash.Compute(At(_folder[Index])));
    }

    [Fact]
    public void The_hash_of_the_trained_fixture_is_the_one_in_its_goldens() =>
        Assert.Equal(
            "6200276cbd9003aa335cb66e294cead68cb8ba5f0f2d176c20e366668696ec32",
            WeightsHash.Compute(ModelLocator.FromDirectory(Fixtures.Gpt2Nano)));

    private static ModelLocation At(string weights) => new() { Name = "test", WeightsFile = weights, Origin = WeightOrigin.Real };

    private SafetensorsCheckpoint Open(string index)
    {
        File.WriteAllText(_folder[Index], index);
        return SafetensorsCheckpoint.Open(_folder[Index]);
    }

    private void Refuses(string index, params string[] parts) =>
        TestCheckpoints.Refuses(() => Open(index).Dispose(), [_folder[Index], .. parts]);
}
