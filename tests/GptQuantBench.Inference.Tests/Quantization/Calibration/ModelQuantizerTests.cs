using GptQuantBench.Inference.Backends.Cpu;
using GptQuantBench.Inference.Backends.Cpu.Kernels;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Evaluation;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;
using GptQuantBench.Inference.Quantization.Calibration;
using GptQuantBench.Inference.Tests.Backends;
using GptQuantBench.Inference.Tests.Evaluation;

namespace GptQuantBench.Inference.Tests.Quantization.Calibration;

public class ModelQuantizerTests
{
    private const string Hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    /// <summary>
    /// The embedding comes first, then the layers in the order of the forward pass; where nothing is rounded, there is nothing to make
    /// good, so the targets and biases are the model's own.
    /// </summary>
    [Fact]
    public void Without_rounding_the_pass_asks_for_the_models_own_weights()
    {
        using TemporaryFolder folder = new();
        using OpenedModel opened = TestModels.OpenRandom(folder, TestModels.Odd, change: null);
        Dictionary<string, float[]> weights = Values(opened);
        List<string> order = [];
        IReadOnlyDictionary<string, float[]> biases = new Gpt2CalibrationPass(TestModels.Odd, name => weights[name]).Run(
            [TestModels.Ids(60, TestModels.Odd.VocabularySize, 4)],
            (spec, target, moments) =>
            {
                order.Add(spec.Name);
                Assert.Equal(spec.InputCount, moments().Columns);
                AssertClose(weights[spec.Name], target);
                return weights[spec.Name];
            });
        string[] layers = ["attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj"];
        string[] expected = [.. from index in Enumerable.Range(0, TestModels.Odd.LayerCount) from layer in layers select $"h.{index}.{layer}"];
        Assert.Equal(["wte.weight", .. expected.Select(layer => layer + ".weight")], order);
        Assert.Equal(expected.Select(layer => layer + ".bias").Order(), biases.Keys.Order());
        Assert.All(biases, bias => AssertClose(weights[bias.Key], bias.Value));

        static void AssertClose(float[] expected, float[] actual) => Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
    }

    /// <summary>
    /// Where one layer is rounded coarsely and all others hardly, the layers that add to the residual stream make good what it lags
    /// behind: the stream at the end is nearer to the model's own than where nothing was fitted. Without what they add for that, 1.0, 0.073 and 0.0131.
    /// </summary>
    [Theory]
    [InlineData("wte.weight", 0.85)]
    [InlineData("h.0.attn.c_attn.weight", 0.03)]
    [InlineData("h.0.mlp.c_fc.weight", 0.0125)]
    public void Later_layers_make_good_what_a_rounded_one_lost(string coarse, double most)
    {
        using TemporaryFolder folder = new();
        ModelConfiguration configuration = TestModels.Odd with { EmbeddingSize = 20, HeadCount = 4, InnerSize = 64, ContextLength = 40 };
        using OpenedModel opened = TestModels.OpenRandom(folder, configuration, change: null);
        Dictionary<string, float[]> weights = Values(opened), fitted = new(weights), unfitted = new(weights);
        int[][] windows = [.. Enumerable.Range(0, 20).Select(window => TestModels.Ids(40 - (window % 3), configuration.VocabularySize, window))];
        float[] Coarse(string name, float[] target) => name == coarse ? [.. target.Select(value => MathF.Round(value * 25) / 25)] : target;
        IReadOnlyDictionary<string, float[]> biases = new Gpt2CalibrationPass(configuration, name => weights[name])
            .Run(windows, (spec, target, _) => fitted[spec.Name] = Coarse(spec.Name, target));
        foreach ((string name, float[] bias) in biases)
        {
            fitted[name] = bias;
        }

        unfitted[coarse] = Coarse(coarse, weights[coarse]);
        Gpt2Stream expected = Finished(weights);
        double lost = Difference(Finished(unfitted)), left = Difference(Finished(fitted));
        Assert.InRange(left / lost, 0, most);

        Gpt2Stream Finished(Dictionary<string, float[]> values)
        {
            Gpt2Stream stream = new(configuration, name => values[name]);
            stream.Embed(windows);
            stream.Finish();
            return stream;
        }

        double Difference(Gpt2Stream stream) =>
            stream.Residuals.Zip(expected.Residuals).Sum(pair => pair.First.Zip(pair.Second, (a, b) => Math.Pow(a - b, 2)).Sum());
    }

    /// <summary>The head's moments are those of the inputs that the unrounded model gives it, behind its last layer.</summary>
    [Fact]
    public void The_head_is_weighed_by_the_models_own_last_states()
    {
        using TemporaryFolder folder = new();
        ModelConfiguration configuration = TestModels.Odd with { EmbeddingSize = 20, HeadCount = 4, InnerSize = 64, ContextLength = 40, VocabularySize = 60 };
        using OpenedModel opened = TestModels.OpenRandom(folder, configuration, change: null);
        Dictionary<string, float[]> weights = Values(opened);
        int[][] windows = [TestModels.Ids(40, 60, 1), TestModels.Ids(40, 60, 2)];
        float[]? actual = null, buffer = null;
        new Gpt2CalibrationPass(configuration, name => weights[name]).Run(windows, (spec, _, moments) =>
        {
            if (spec.Name == "wte.weight")
            {
                actual = [.. moments().Of(5, ref buffer)];
            }

            return weights[spec.Name];
        });

        Gpt2Stream stream = new(configuration, name => weights[name]);
        stream.Embed(windows);
        stream.Finish();
        float[] states = [.. stream.Normalized("ln_f").SelectMany(state => state)];
        float[]? own = null;
        float[] expected = new HeadMoments(states, weights["wte.weight"], 20).Of(5, ref own);
        Assert.Equal(expected, actual);
    }

    /// <summary>The walk in FP32 is the forward pass of the engine's FP64 reference.</summary>
    [Fact]
    public void The_calibration_stream_computes_what_the_reference_model_computes()
    {
        using TemporaryFolder folder = new();
        using OpenedModel opened = TestModels.OpenRandom(folder, TestModels.Odd, change: null);
        int[] ids = TestModels.Ids(60, TestModels.Odd.VocabularySize, 4);
        Dictionary<string, float[]> weights = Values(opened);
        Gpt2Stream stream = new(TestModels.Odd, name => weights[name]);
        stream.Embed([ids]);
        stream.Finish();
        float[] expected = new ReferenceGpt2(opened, QuantizationFormat.Fp16).Logits(ids), logits = new float[expected.Length];
        DenseProduct.Multiply(stream.Normalized("ln_f").Single(), weights["wte.weight"], TestModels.Odd.EmbeddingSize, logits);
        double scale = expected.Max(Math.Abs);
        Assert.All(expected.Zip(logits), pair => Assert.Equal(pair.First, pair.Second, 1e-3 * scale));
    }

    [Fact]
    public void An_architecture_without_a_calibration_is_one_sentence()
    {
        string message = Assert.Throws<ModelFormatException>(
            () => CalibrationPasses.For(TestModels.Odd with { Architecture = "llama" }, _ => [])).Message;
        Assert.Equal("There is no calibration for model_type 'llama', only for gpt2; choose a format without +gptq.", message);
    }

    [Theory]
    [InlineData("4-bit")]
    [InlineData("8-bit")]
    [InlineData("int4-g64-asym+mse+head8")]
    public void What_is_saved_loads_bit_for_bit(string name)
    {
        QuantizationFormat format = QuantizationFormat.Parse(name);
        using TemporaryFolder folder = new();
        using (OpenedModel source = Nano())
        {
            ModelQuantizer.Quantize(source, format, null, folder.Path);
            using OpenedModel saved = OpenedModel.Open(ModelLocator.FromDirectory(folder.Path));
            Assert.Equal(new StoredQuantization(format, WeightsHash.Compute(source.Location), null), saved.Configuration.Quantization);
            using CpuLanguageModel direct = Load(source, format), loaded = Load(saved, format);
            int[] ids = OwnText.Ids[..20];
            Assert.Equal(TestModels.Logits(direct, ids), TestModels.Logits(loaded, ids));
            Assert.Equal(direct.Memory.WeightBytes, loaded.Memory.WeightBytes);
        }
    }

    /// <summary>4-bit with calibration on another part of the text loses far less than without; a wrong scale is seen at once.</summary>
    [Fact]
    public void Calibration_pays_and_a_planted_wrong_scale_is_caught()
    {
        using TemporaryFolder folder = new();
        using OpenedModel source = Nano();
        QuantizationFormat format = QuantizationFormat.FourBit with { Search = ScaleSearch.Compensated };
        ModelQuantizer.Quantize(source, format, (OwnText.Ids[..3072], Hash), folder.Path);
        using OpenedModel saved = OpenedModel.Open(ModelLocator.FromDirectory(folder.Path));
        using CpuLanguageModel fp16 = Load(source, QuantizationFormat.Fp16), searched = Load(source, QuantizationFormat.FourBit), calibrated = Load(saved, format);
        (double search, double calibration) = Divergences(searched, calibrated);
        double gate = Tolerances.CalibratedDivergence * search;
        Assert.InRange(calibration, 0.001, gate);
        Assert.InRange(search, 0.001, Tolerances.FourBitDivergence);

        // The scales of one matrix of 25 are half as large again.
        string file = Path.Combine(folder.Path, "model.safetensors");
        long at = Offset(saved, "h.2.mlp.c_fc.weight.scales");
        byte[] bytes = File.ReadAllBytes(file);
        long length = saved.Packed(Spec(saved, "h.2.mlp.c_fc.weight"))!.Scales!.ByteLength;
        for (long i = at; i < at + length; i += 2)
        {
            Half scale = BitConverter.ToHalf(bytes, (int)i);
            BitConverter.TryWriteBytes(bytes.AsSpan((int)i), (Half)((float)scale * 1.5f));
        }

        using TemporaryFolder other = new();
        File.WriteAllBytes(other["model.safetensors"], bytes);
        File.Copy(Path.Combine(folder.Path, "config.json"), other["config.json"]);
        using OpenedModel spoiled = OpenedModel.Open(ModelLocator.FromDirectory(other.Path));
        using CpuLanguageModel wrong = Load(spoiled, format);
        Assert.InRange(Divergences(wrong, calibrated).First, gate, 100);

        (double First, double Second) Divergences(CpuLanguageModel first, CpuLanguageModel second)
        {
            EvaluationResult result = TextEvaluator.Evaluate(fp16, [first, second], OwnText.Ids.AsSpan(3072));
            return (result.Candidates[0].Divergence.MeanKl.Value, result.Candidates[1].Divergence.MeanKl.Value);
        }
    }

    [Fact]
    public void A_stored_format_is_refused_under_another_name_and_twice()
    {
        using TemporaryFolder folder = new(), second = new();
        using OpenedModel source = Nano();
        ModelQuantizer.Quantize(source, QuantizationFormat.EightBit, null, folder.Path);
        using OpenedModel saved = OpenedModel.Open(ModelLocator.FromDirectory(folder.Path));
        Assert.Contains("FP16 can't be made", Message(() => Load(saved, QuantizationFormat.Fp16)), StringComparison.Ordinal);
        Assert.Contains("quantised already", Message(() => ModelQuantizer.Quantize(saved, QuantizationFormat.FourBit, null, second.Path)), StringComparison.Ordinal);
        QuantizationFormat gptq = QuantizationFormat.Parse("int4-g32-sym+gptq");
        Assert.Contains("needs a calibration text", Message(() => ModelQuantizer.Quantize(source, gptq, null, second.Path)), StringComparison.Ordinal);
        Assert.Contains("uses no calibration", Message(() => ModelQuantizer.Quantize(source, QuantizationFormat.EightBit, ([1], Hash), second.Path)), StringComparison.Ordinal);
        Assert.Contains("has 3 tokens", Message(() => ModelQuantizer.Quantize(source, gptq, ([1, 2, 3], Hash), second.Path)), StringComparison.Ordinal);
        Assert.Contains("quantize --quantization int4-g32-sym+gptq", Message(() => Load(source, gptq)), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(second.Path));

        static string Message(Action action) => Assert.Throws<ModelFormatException>(action).Message;
    }

    [Theory]
    [InlineData("\"quant_method\": \"gptq\"", "not of quant_method gptquantbench")]
    [InlineData("\"format\": \"int3\"", "There is no quantization 'int3'")]
    [InlineData("\"format\": \"int4-g64-sym\"", "expected [50257, 3]")]
    public void A_config_that_does_not_fit_is_one_sentence(string entry, string part)
    {
        using TemporaryFolder folder = new();
        using OpenedModel source = Nano();
        ModelQuantizer.Quantize(source, QuantizationFormat.Parse("int4-g32-sym"), null, folder.Path);
        string config = Path.Combine(folder.Path, "config.json");
        string key = entry[..entry.IndexOf(':', StringComparison.Ordinal)];
        string[] lines = [.. File.ReadAllLines(config).Select(line => line.Contains(key, StringComparison.Ordinal) ? entry + "," : line)];
        File.WriteAllLines(config, lines);
        Assert.Contains(
            part, Assert.Throws<ModelFormatException>(() => OpenedModel.Open(ModelLocator.FromDirectory(folder.Path))).Message, StringComparison.Ordinal);
    }

    private static OpenedModel Nano() => OpenedModel.Open(ModelLocator.FromDirectory(Fixtures.Gpt2Nano));

    private static CpuLanguageModel Load(OpenedModel model, QuantizationFormat format) =>
        new(model, format, CpuKernels.All.First(kernel => kernel.IsSupported), Products.Float, new MemoryLedger());

    private static WeightSpec Spec(OpenedModel model, string name) =>
        model.Architecture.Weights(model.Configuration).Single(spec => spec.Name == name);

    private static unsafe long Offset(OpenedModel model, string tensor)
    {
        using SafetensorsFile file = SafetensorsFile.Open(model.Location.WeightsFile);
        byte* first = (byte*)file.Tensors.Values.Min(entry => (nint)entry.Data);
        long data = new FileInfo(model.Location.WeightsFile).Length - file.Tensors.Values.Sum(entry => entry.ByteLength);
        return data + (file.Tensors[tensor].Data - first);
    }

    private static Dictionary<string, float[]> Values(OpenedModel model) =>
        model.Architecture.Weights(model.Configuration).ToDictionary(spec => spec.Name, spec => Values(model, spec));

    private static float[] Values(OpenedModel model, WeightSpec spec)
    {
        float[] stored = new float[spec.Count];
        model.Weight(spec).ReadFloats(0, stored);
        return spec.IsInputMajor
            ? [.. from output in Enumerable.Range(0, spec.Columns) from input in Enumerable.Range(0, spec.Rows) select stored[(input * spec.Columns) + output]]
            : stored;
    }
}
