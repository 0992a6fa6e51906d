using System.Text.Json;
using GptQuantBench.Inference.Backends.Cpu;
using GptQuantBench.Inference.Backends.Cpu.Kernels;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;
using GptQuantBench.Inference.Quantization.Calibration;
using GptQuantBench.Inference.Tests.Backends;
using GptQuantBench.Inference.Tests.Checkpoints;

namespace GptQuantBench.Inference.Tests.Quantization.Calibration;

/// <summary>What <c>quantize</c> writes of small models, file by file and tensor by tensor.</summary>
public sealed class QuantizedCheckpointTests : IDisposable
{
    private const string Hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("smallest-f32", "FP16")]
    [InlineData("smallest-f32", "4-bit")]
    [InlineData("mixed-types", "int4-g32-asym")]
    [InlineData("odd-heads-f32", "8-bit")]
    [InlineData("sharded-bf16", "int4-g64-sym+mse+head8")]
    [InlineData("prefix-bf16", "int8-g32-sym")]
    public unsafe void Matrices_are_what_packing_gives_and_the_rest_is_copied(string variant, string name)
    {
        QuantizationFormat format = QuantizationFormat.Parse(name);
        using OpenedModel source = Variant(variant);
        List<(int, int)> progress = [];
        ModelQuantizer.Quantize(source, format, null, _folder.Path, (done, all) => progress.Add((done, all)));
        using OpenedModel saved = OpenedModel.Open(ModelLocator.FromDirectory(_folder.Path));

        WeightSpec[] specs = [.. source.Architecture.Weights(source.Configuration)];
        WeightSpec[] matrices = [.. specs.Where(spec => spec.Role is WeightRole.Matrix or WeightRole.TokenEmbedding)];
        Assert.Equal(Enumerable.Range(1, matrices.Length).Select(done => (done, matrices.Length)), progress);
        Assert.Equal(new StoredQuantization(format, WeightsHash.Compute(source.Location), null), saved.Configuration.Quantization);
        foreach (WeightSpec spec in matrices)
        {
            using PackedMatrix expected = PackedMatrix.Quantize(
                new MemoryLedger(), format.Of(spec), spec.OutputCount, spec.InputCount, Values(source, spec), "test");
            using PackedMatrix actual = new(new MemoryLedger(), expected.Layout);
            saved.Packed(spec)!.CopyTo(actual);
            Assert.True(expected.Codes.SequenceEqual(actual.Codes), $"Codes of {spec.Name}.");
            Assert.True(expected.Scales.SequenceEqual(actual.Scales), $"Scales of {spec.Name}.");
            Assert.True(expected.Minima.SequenceEqual(actual.Minima), $"Minima of {spec.Name}.");
        }

        foreach (WeightSpec spec in specs.Except(matrices))
        {
            (CheckpointTensor expected, CheckpointTensor actual) = (source.Weight(spec), saved.Weight(spec));
            Assert.Equal((spec.Name, expected.TypeName), (actual.Name, actual.TypeName));
            Assert.Equal(expected.Shape, actual.Shape);
            Assert.True(new ReadOnlySpan<byte>(expected.Data, (int)expected.ByteLength).SequenceEqual(new(actual.Data, (int)actual.ByteLength)), spec.Name);
        }

        using CpuLanguageModel direct = Load(source, format), loaded = Load(saved, format);
        int[] ids = TestModels.Ids(5, source.Configuration.VocabularySize, 2);
        Assert.Equal(TestModels.Logits(direct, ids), TestModels.Logits(loaded, ids));
    }

    [Fact]
    public void The_configuration_is_the_models_own_with_one_key_more()
    {
        using OpenedModel source = Variant("mixed-types");
        ModelQuantizer.Quantize(source, QuantizationFormat.FourBit, null, _folder.Path);

        string written = File.ReadAllText(_folder["config.json"]);
        Assert.StartsWith("{\n  \"_name_or_path\": \"\",\n", written, StringComparison.Ordinal);
        Assert.EndsWith("  }\n}\n", written, StringComparison.Ordinal);
        using JsonDocument expected = JsonDocument.Parse(File.ReadAllText(source.Location.ConfigurationFile!)), actual = JsonDocument.Parse(written);
        Assert.Equal(
            [.. expected.RootElement.EnumerateObject().Select(property => property.Name), "quantization_config"],
            actual.RootElement.EnumerateObject().Select(property => property.Name));
        Assert.All(
            expected.RootElement.EnumerateObject(),
            property => Assert.True(JsonElement.DeepEquals(property.Value, actual.RootElement.GetProperty(property.Name)), property.Name));
        using JsonDocument stored = JsonDocument.Parse(
            $$"""{"quant_method": "gptquantbench", "format": "int4-g32-sym+mse", "source_sha256": "{{WeightsHash.Compute(source.Location)}}"}""");
        Assert.True(JsonElement.DeepEquals(stored.RootElement, actual.RootElement.GetProperty("quantization_config")));
        Assert.Contains("\"format\": \"int4-g32-sym+mse\"", written, StringComparison.Ordinal);
    }

    /// <summary>As huggingface_hub's own files: what a tool of that world shows of a file is its metadata.</summary>
    [Fact]
    public void The_weights_say_which_format_they_are_in()
    {
        using OpenedModel source = Variant("smallest-f32");
        ModelQuantizer.Quantize(source, QuantizationFormat.EightBit, null, _folder.Path);
        byte[] file = File.ReadAllBytes(_folder["model.safetensors"]);
        using JsonDocument header = JsonDocument.Parse(file.AsMemory(8, checked((int)BitConverter.ToUInt64(file))));
        Assert.Equal("{\"format\":\"int8-row-sym\"}", header.RootElement.GetProperty("__metadata__").GetRawText());
    }

    /// <summary>The names, types and shapes that the documentation gives: bytes of a row in the order of rows.</summary>
    [Theory]
    [InlineData("int4-g32-asym", "codes U8 [12, 16], minima F16 [12, 1], scales F16 [12, 1]")]
    [InlineData("int4-g32-sym", "codes U8 [12, 16], scales F16 [12, 1]")]
    [InlineData("int8-g32-sym", "codes U8 [12, 32], scales F16 [12, 1]")]
    [InlineData("8-bit", "codes U8 [12, 32], scales F32 [12, 1]")]
    [InlineData("FP16", "codes U8 [12, 64]")]
    public void The_parts_of_a_matrix_lie_as_documented(string name, string expected)
    {
        using TemporaryFolder model = new();
        using OpenedModel source = OpenedModel.Open(TestCheckpoints.Folder(model, TestCheckpoints.Weights(TestCheckpoints.Tiny)));
        ModelQuantizer.Quantize(source, QuantizationFormat.Parse(name), null, _folder.Path);
        using SafetensorsFile file = SafetensorsFile.Open(_folder["model.safetensors"]);
        const string Matrix = "h.0.attn.c_attn.weight.";
        Assert.Equal(expected, string.Join(", ", file.Tensors.Values
            .Where(tensor => tensor.Name.StartsWith(Matrix, StringComparison.Ordinal))
            .OrderBy(tensor => tensor.Name, StringComparer.Ordinal)
            .Select(tensor => $"{tensor.Name[Matrix.Length..]} {tensor.TypeName} [{string.Join(", ", tensor.Shape)}]")));
    }

    [Fact]
    public void A_packed_matrix_with_a_value_that_no_packer_writes_is_named()
    {
        using OpenedModel source = Variant("smallest-f32");
        ModelQuantizer.Quantize(source, QuantizationFormat.EightBit, null, _folder.Path);
        string path = _folder["model.safetensors"];
        long at = 0;
        using (SafetensorsFile file = SafetensorsFile.Open(path))
        {
            unsafe
            {
                byte* first = (byte*)file.Tensors.Values.Min(tensor => (nint)tensor.Data);
                at = new FileInfo(path).Length - file.Tensors.Values.Sum(tensor => tensor.ByteLength) + (file.Tensors["h.0.mlp.c_fc.weight.codes"].Data - first);
            }
        }

        byte[] bytes = File.ReadAllBytes(path);
        bytes[at] = 0x80;
        File.WriteAllBytes(path, bytes);
        using OpenedModel saved = OpenedModel.Open(ModelLocator.FromDirectory(_folder.Path));
        TestCheckpoints.Refuses(
            () => Load(saved, QuantizationFormat.EightBit).Dispose(), $"Tensor 'h.0.mlp.c_fc.weight.codes' of {path} or its scales hold values that no packer writes");
    }

    [Fact]
    public void The_vocabulary_goes_along_where_the_model_has_one()
    {
        using TemporaryFolder model = new();
        foreach (string file in Directory.GetFiles(Path.Combine(Fixtures.Root, "variants", "smallest-f32")))
        {
            File.Copy(file, model[Path.GetFileName(file)]);
        }

        model.Write("vocab.json", "{\"a\": 0}");
        model.Write("merges.txt", "#version: 0.2\n");
        using OpenedModel source = OpenedModel.Open(ModelLocator.FromDirectory(model.Path));
        _folder.Write("merges.txt", "of an earlier checkpoint");
        ModelQuantizer.Quantize(source, QuantizationFormat.EightBit, null, _folder.Path);
        Assert.Equal(["config.json", "merges.txt", "model.safetensors", "vocab.json"], Directory.GetFiles(_folder.Path).Select(Path.GetFileName).Order());
        Assert.Equal(("{\"a\": 0}", "#version: 0.2\n"), (File.ReadAllText(_folder["vocab.json"]), File.ReadAllText(_folder["merges.txt"])));
    }

    /// <summary>The outputs on the calibration text come nearer to the model's own; biases are fitted, all else is the model's.</summary>
    [Theory]
    [InlineData("int4-g32-sym+gptq")]
    [InlineData("int4-g32-asym+gptq+head8")]
    public void Calibration_brings_the_outputs_nearer(string name)
    {
        QuantizationFormat format = QuantizationFormat.Parse(name);
        using OpenedModel source = Variant("mixed-types");
        int[] ids = TestModels.Ids(30 * source.Configuration.ContextLength, source.Configuration.VocabularySize, 3);
        ModelQuantizer.Quantize(source, format, (ids, Hash), _folder.Path);
        using OpenedModel saved = OpenedModel.Open(ModelLocator.FromDirectory(_folder.Path));

        Assert.Equal(Hash, saved.Configuration.Quantization!.CalibrationSha256);
        string[] fitted = ["attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj"];
        foreach (WeightSpec spec in source.Architecture.Weights(source.Configuration).Where(spec => spec.IsVector))
        {
            bool isFitted = spec.Name.EndsWith(".bias", StringComparison.Ordinal) && fitted.Any(layer => spec.Name.EndsWith(layer + ".bias", StringComparison.Ordinal));
            Assert.Equal(isFitted ? "F32" : source.Weight(spec).TypeName, saved.Weight(spec).TypeName);
            Assert.Equal(!isFitted, Values(source, spec).SequenceEqual(Values(saved, spec)));
        }

        QuantizationFormat plain = format with { Search = ScaleSearch.Plain };
        double calibrated = Difference(saved, format), rounded = Difference(source, plain);
        Assert.InRange(calibrated / rounded, 0.01, 0.6);

        double Difference(OpenedModel model, QuantizationFormat own)
        {
            using CpuLanguageModel exact = Load(source, QuantizationFormat.Fp16), other = Load(model, own);
            return ids.Chunk(source.Configuration.ContextLength).Take(5)
                .Sum(window => TestModels.Logits(exact, window).Zip(TestModels.Logits(other, window), (a, b) => Math.Pow(a - b, 2)).Sum());
        }
    }

    [Theory]
    [InlineData("4-bit")]
    [InlineData("int4-g32-sym+gptq")]
    public void A_weight_that_is_not_finite_is_named(string name)
    {
        using TemporaryFolder model = new();
        var tensors = TestCheckpoints.Weights(TestCheckpoints.Tiny);
        BitConverter.TryWriteBytes(tensors.Single(tensor => tensor.Name == "h.0.mlp.c_fc.weight").Data.AsSpan(8), float.NaN);
        using OpenedModel source = OpenedModel.Open(TestCheckpoints.Folder(model, tensors));
        QuantizationFormat format = QuantizationFormat.Parse(name);
        (int[], string)? text = format.Search == ScaleSearch.Compensated ? (TestModels.Ids(8, 11, 1), Hash) : null;
        TestCheckpoints.Refuses(
            () => ModelQuantizer.Quantize(source, format, text, _folder.Path),
            $"Tensor 'h.0.mlp.c_fc.weight' of {model["model.safetensors"]} holds NaN or infinity");
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Synthetic_weights_are_refused_before_anything_is_written()
    {
        using TemporaryFolder model = new();
        using OpenedModel source = TestModels.OpenRandom(model, TestCheckpoints.Tiny, change: null);
        TestCheckpoints.Refuses(
            () => ModelQuantizer.Quantize(source, QuantizationFormat.FourBit, null, _folder.Path),
            "random has synthetic weights, expected trained ones; quantising is for checkpoints that are used.");
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void A_folder_that_is_a_file_is_one_sentence()
    {
        using OpenedModel source = Variant("smallest-f32");
        string file = _folder.Write("file", "");
        TestCheckpoints.Refuses(() => ModelQuantizer.Quantize(source, QuantizationFormat.EightBit, null, file), file, "cannot be written", "--artifacts");
    }

    [Fact]
    public void A_small_file_that_cannot_be_written_is_one_sentence()
    {
        using OpenedModel source = Variant("smallest-f32");
        Directory.CreateDirectory(_folder["config.json"]);
        TestCheckpoints.Refuses(
            () => ModelQuantizer.Quantize(source, QuantizationFormat.EightBit, null, _folder.Path),
            $"{_folder.Path} can't be written (",
            "), expected a folder for the checkpoint; name another one.");
    }

    /// <summary>Whole sequences as long as the context: what is left over at the end is not used.</summary>
    [Fact]
    public void A_calibration_text_needs_one_whole_sequence()
    {
        using TemporaryFolder model = new();
        using OpenedModel source = OpenedModel.Open(TestCheckpoints.Folder(model, TestCheckpoints.Weights(TestCheckpoints.Tiny)));
        QuantizationFormat format = QuantizationFormat.Parse("int4-g32-sym+gptq");
        TestCheckpoints.Refuses(
            () => ModelQuantizer.Quantize(source, format, (TestModels.Ids(7, 11, 1), Hash), _folder.Path),
            "The calibration text has 7 tokens, expected at least 8; give a longer text.");
        ModelQuantizer.Quantize(source, format, (TestModels.Ids(15, 11, 1), Hash), _folder["a"]);
        ModelQuantizer.Quantize(source, format, (TestModels.Ids(15, 11, 1)[..8], Hash), _folder["b"]);
        Assert.Equal(File.ReadAllBytes(Path.Combine(_folder["a"], "model.safetensors")), File.ReadAllBytes(Path.Combine(_folder["b"], "model.safetensors")));
    }

    public void Dispose() => _folder.Dispose();

    private static OpenedModel Variant(string name) => OpenedModel.Open(ModelLocator.FromDirectory(Path.Combine(Fixtures.Root, "variants", name)));

    private static CpuLanguageModel Load(OpenedModel model, QuantizationFormat format) =>
        new(model, format, CpuKernels.All.First(kernel => kernel.IsSupported), Products.Float, new MemoryLedger());

    /// <summary>Values of a weight, matrices [out, in].</summary>
    private static float[] Values(OpenedModel model, WeightSpec spec)
    {
        float[] stored = new float[spec.Count];
        model.Weight(spec).ReadFloats(0, stored);
        return spec.IsInputMajor
            ? [.. from output in Enumerable.Range(0, spec.Columns) from input in Enumerable.Range(0, spec.Rows) select stored[(input * spec.Columns) + output]]
            : stored;
    }
}
