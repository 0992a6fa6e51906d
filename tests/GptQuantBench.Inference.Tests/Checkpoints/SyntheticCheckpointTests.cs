using System.Security.Cryptography;
using System.Text.Json;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Tests.Checkpoints;

public sealed class SyntheticCheckpointTests : IDisposable
{
    /// <summary>Large enough that the embedding is more than one block.</summary>
    private static readonly ModelConfiguration _small = TestCheckpoints.Tiny with
    {
        LayerCount = 2,
        EmbeddingSize = 40,
        HeadCount = 5,
        InnerSize = 77,
        VocabularySize = 10_007,
    };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    public void Bytes_do_not_depend_on_the_number_of_threads(int threads)
    {
        Assert.True(SyntheticCheckpoint.Ensure(_small, 7, _folder["one"], threads: 1));
        Assert.True(SyntheticCheckpoint.Ensure(_small, 7, _folder["many"], threads));
        Assert.Equal(File.ReadAllBytes(_folder["one"]), File.ReadAllBytes(_folder["many"]));
    }

    [Fact]
    public void Values_do_not_depend_on_where_a_block_begins()
    {
        float[] whole = new float[1000];
        SyntheticValues.Fill(123, 0, whole, new WeightDistribution(1f, 0.5f));
        foreach (int start in (int[])[1, 7, 8, 500, 993, 999])
        {
            float[] part = new float[whole.Length - start];
            SyntheticValues.Fill(123, (uint)start, part, new WeightDistribution(1f, 0.5f));
            Assert.Equal(whole[start..], part);
        }
    }

    [Fact]
    public void Values_are_the_same_on_every_machine()
    {
        float[] values = new float[4];
        SyntheticValues.Fill(SyntheticValues.Key(42, 3), 1_000_000, values, new WeightDistribution(0f, 0.02f));
        for (uint i = 0; i < values.Length; i++)
        {
            Assert.Equal(Scalar(SyntheticValues.Key(42, 3), 1_000_000 + i, 0.02f), values[i]);
        }
    }

    /// <summary>The outputs of SplitMix64 for the seed 1234567 that are published with the generator's reference code.</summary>
    [Fact]
    public void Keys_are_the_outputs_of_SplitMix64() =>
        Assert.Equal(
            [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821],
            Enumerable.Range(0, 5).Select(stream => SyntheticValues.Key(1234567, stream)));

    /// <summary>
    /// Reports of different machines name weights by their hash; a change of the bytes must come with another
    /// generator's name. A Python program of the definition gave the same bytes.
    /// </summary>
    [Theory]
    [InlineData(42UL, "a97c1c62a50dbc8929d6218a8e8dfb57892fe7b655e8db18f05ad075fcc32265")]
    [InlineData(null, "01f1b3f44ed9aacef1beb409e1eecd902b120a6c95556b12b033a0135f943f78")]
    public void The_bytes_of_a_seed_never_change(ulong? seed, string expected)
    {
        ModelLocation location = new()
        {
            Name = "tiny",
            WeightsFile = _folder["tiny.safetensors"],
            Configuration = TestCheckpoints.Tiny,
            Origin = WeightOrigin.Synthetic,
            SyntheticSeed = seed,
        };
        SyntheticCheckpoint.Ensure(location);
        byte[] file = File.ReadAllBytes(location.WeightsFile);
        using JsonDocument header = JsonDocument.Parse(file.AsMemory(8, checked((int)BitConverter.ToUInt64(file))));
        Assert.Equal(
            $"{{\"format\":\"pt\",\"generator\":\"GptQuantBench synthetic weights 1\",\"seed\":\"{seed ?? 0}\"}}",
            header.RootElement.GetProperty("__metadata__").GetRawText());
        Assert.Equal(expected, WeightsHash.Compute(location));
        Assert.Equal(expected, Convert.ToHexStringLower(SHA256.HashData(file)));
    }

    [Fact]
    public void Values_are_nearly_normal()
    {
        float[] values = new float[1 << 20];
        SyntheticValues.Fill(SyntheticValues.Key(1, 0), 0, values, new WeightDistribution(0f, 1f));
        double mean = values.Average(value => (double)value);
        double variance = values.Average(value => (double)value * value) - (mean * mean);
        double neighbours = values.Zip(values.Skip(1)).Average(pair => (double)pair.First * pair.Second);
        Assert.InRange(mean, -0.005, 0.005);
        Assert.InRange(variance, 0.99, 1.01);
        Assert.InRange(neighbours, -0.005, 0.005);
        Assert.InRange(values.Count(value => Math.Abs(value) < 1f) / (double)values.Length, 0.66, 0.70);
        Assert.True(values.Distinct().Count() > 100_000);
    }

    [Fact]
    public void Another_seed_or_tensor_gives_other_values()
    {
        SyntheticCheckpoint.Ensure(_small, 1, _folder["a"]);
        SyntheticCheckpoint.Ensure(_small, 2, _folder["b"]);
        using SafetensorsFile a = SafetensorsFile.Open(_folder["a"]);
        using SafetensorsFile b = SafetensorsFile.Open(_folder["b"]);
        Assert.NotEqual(Read(a, "h.0.ln_1.bias", 40), Read(b, "h.0.ln_1.bias", 40));
        Assert.NotEqual(Read(a, "h.0.ln_1.bias", 40), Read(a, "h.1.ln_1.bias", 40));
    }

    [Fact]
    public void The_file_opens_as_a_model_and_no_tensor_is_constant()
    {
        var model = new CatalogueModel("small", "test/small", _small);
        ModelLocation location = ModelLocator.Synthetic(model, 42, _folder.Path);
        Assert.Equal(_small, location.Validate());
        SyntheticCheckpoint.Ensure(location);
        Assert.Equal(_small, location.Validate());
        using OpenedModel opened = OpenedModel.Open(location);
        foreach (WeightSpec spec in opened.Architecture.Weights(_small))
        {
            float[] values = new float[spec.Count];
            opened.Weight(spec).ReadFloats(0, values);
            WeightDistribution distribution = opened.Architecture.InitialValues(spec, _small);
            Assert.True(values.Distinct().Count() > values.Length / 4, spec.Name);
            Assert.InRange(values.Average(), distribution.Mean - distribution.Deviation, distribution.Mean + distribution.Deviation);
            Assert.All(values, value => Assert.InRange(value, distribution.Mean - 0.08f, distribution.Mean + 0.08f));
        }
    }

    [Fact]
    public void Projections_into_the_residual_stream_are_smaller()
    {
        var architecture = new Gpt2Architecture();
        WeightSpec projection = architecture.Weights(_small).Single(spec => spec.Name == "h.1.mlp.c_proj.weight");
        Assert.Equal(0.01f, architecture.InitialValues(projection, _small).Deviation, 1e-6f);
    }

    [Fact]
    public void A_complete_file_is_used_again()
    {
        Assert.True(SyntheticCheckpoint.Ensure(_small, 7, _folder["x"]));
        DateTime written = File.GetLastWriteTimeUtc(_folder["x"]);
        Assert.False(SyntheticCheckpoint.Ensure(_small, 7, _folder["x"]));
        Assert.Equal(written, File.GetLastWriteTimeUtc(_folder["x"]));
        Assert.Equal(["x"], Directory.GetFiles(_folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void A_file_of_another_length_seed_or_configuration_is_replaced()
    {
        string path = _folder["x"];
        SyntheticCheckpoint.Ensure(_small, 7, path);
        byte[] expected = File.ReadAllBytes(path);
        File.WriteAllBytes(path, expected[..^1]);
        Assert.True(SyntheticCheckpoint.Ensure(_small, 7, path));
        Assert.Equal(expected, File.ReadAllBytes(path));
        Assert.True(SyntheticCheckpoint.Ensure(_small, 8, path));
        Assert.True(SyntheticCheckpoint.Ensure(_small with { HeadCount = 4, InnerSize = 78 }, 8, path));
    }

    [Fact]
    public void Real_weights_are_left_alone()
    {
        SyntheticCheckpoint.Ensure(new ModelLocation { Name = "x", WeightsFile = _folder["x"], Origin = WeightOrigin.Real });
        Assert.False(File.Exists(_folder["x"]));
    }

    [Fact]
    public void A_folder_that_is_a_file_is_one_sentence()
    {
        File.WriteAllText(_folder["file"], "");
        TestCheckpoints.Refuses(
            () => SyntheticCheckpoint.Ensure(_small, 7, Path.Combine(_folder["file"], "x.safetensors")), "x.safetensors cannot be written", "--artifacts");
    }

    [Fact]
    public void A_folder_that_cannot_be_written_to_is_one_sentence()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/proc is the folder that not even an administrator can write to.");
        TestCheckpoints.Refuses(() => SyntheticCheckpoint.Ensure(_small, 7, "/proc/synthetic/x.safetensors"), "/proc/synthetic/x.safetensors cannot be written");
    }

    [Fact]
    public void Too_little_space_names_what_is_needed_and_what_is_free()
    {
        ModelConfiguration huge = _small with { LayerCount = 1024, EmbeddingSize = 25_600, InnerSize = 80_000, HeadCount = 1 };
        long bytes = ModelArchitectures.ParameterCount(huge) * sizeof(float);
        Assert.SkipWhen(new DriveInfo(_folder.Path).AvailableFreeSpace > bytes, "The disk would hold 25 TB.");
        string message = Assert.Throws<ModelFormatException>(() => SyntheticCheckpoint.Ensure(huge, 7, _folder["x"])).Message;
        Assert.Matches(@"needs \d{14} bytes and its disk has \d+ free", message);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void What_a_killed_process_left_is_removed_and_what_another_writes_is_not()
    {
        File.WriteAllText(_folder["x.safetensors.old.tmp"], "");
        File.SetLastWriteTimeUtc(_folder["x.safetensors.old.tmp"], DateTime.UtcNow.AddHours(-1));
        File.WriteAllText(_folder["x.safetensors.new.tmp"], "");
        SyntheticCheckpoint.Ensure(_small, 7, _folder["x.safetensors"]);
        Assert.Equal(["x.safetensors", "x.safetensors.new.tmp"], Directory.GetFiles(_folder.Path).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void An_unfinished_file_never_gets_its_name()
    {
        var layout = new SafetensorsLayout([("a", "U8", [8])]);
        using (var writer = new SafetensorsWriter(_folder["x"], layout))
        {
            writer.Write(layout.Entries[0], 0, [1, 2, 3, 4]);
            Assert.Throws<InvalidOperationException>(writer.Commit);
        }

        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Nothing_is_written_outside_a_tensor()
    {
        var layout = new SafetensorsLayout([("a", "U8", [8])]);
        using var writer = new SafetensorsWriter(_folder["x"], layout);
        Assert.Throws<ArgumentOutOfRangeException>(() => writer.Write(layout.Entries[0], 5, [1, 2, 3, 4]));
        Assert.Throws<ArgumentOutOfRangeException>(() => writer.Write(layout.Entries[0], -1, [1]));
    }

    /// <summary>The definition, one value at a time.</summary>
    private static float Scalar(ulong key, uint index, float deviation)
    {
        uint mixed = Mix(Mix(index ^ (uint)key) ^ (uint)(key >> 32));
        uint other = Mix(mixed + 0x9E3779B9);
        int sum = (int)((mixed & 0xFFFF) + (mixed >> 16) + (other & 0xFFFF) + (other >> 16));
        return (sum - 131070) * (deviation / 37837.227f);
    }

    private static uint Mix(uint x)
    {
        x = (x ^ (x >> 16)) * 0x7FEB352D;
        x = (x ^ (x >> 15)) * 0x846CA68B;
        return x ^ (x >> 16);
    }

    private static float[] Read(SafetensorsFile file, string name, int count)
    {
        float[] values = new float[count];
        file.Tensors[name].ReadFloats(0, values);
        return values;
    }
}
