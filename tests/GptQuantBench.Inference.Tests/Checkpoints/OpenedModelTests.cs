using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Tests.Checkpoints;

public sealed class OpenedModelTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_weight_of_the_trained_fixture_is_there()
    {
        using OpenedModel model = OpenedModel.Open(ModelLocator.FromDirectory(Fixtures.Gpt2Nano));
        Assert.Equal(6, model.Configuration.LayerCount);
        Assert.Equal("gpt2", model.Architecture.ModelType);
        float[] value = new float[1];
        foreach (WeightSpec spec in model.Architecture.Weights(model.Configuration))
        {
            model.Weight(spec).ReadFloats(spec.Count - 1, value);
            Assert.True(float.IsFinite(value[0]));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("transformer.")]
    public void Names_may_have_a_prefix(string prefix)
    {
        ModelLocation location = TestCheckpoints.Folder(_folder, TestCheckpoints.Weights(TestCheckpoints.Tiny, name => prefix + name));
        using OpenedModel model = OpenedModel.Open(location);
        Assert.Equal(TestCheckpoints.Tiny, model.Configuration);
        WeightSpec first = model.Architecture.Weights(model.Configuration)[0];
        Assert.Equal(prefix + "wte.weight", model.Weight(first).Name);
    }

    [Theory]
    [InlineData("BOOL", 1)]
    [InlineData("U8", 1)]
    [InlineData("F32", 4)]
    [InlineData("I64", 8)]
    public void Masks_are_skipped_whatever_their_type(string type, int size)
    {
        var tensors = TestCheckpoints.Weights(TestCheckpoints.Tiny);
        tensors.Insert(0, ("h.0.attn.bias", type, [1, 1, 8, 8], new byte[64 * size]));
        tensors.Add(("h.0.attn.masked_bias", type, [], new byte[size]));
        using OpenedModel model = OpenedModel.Open(TestCheckpoints.Folder(_folder, tensors));
        Assert.Equal(11, model.Configuration.VocabularySize);
    }

    [Fact]
    public void A_stored_copy_of_the_tied_head_is_skipped()
    {
        var tensors = TestCheckpoints.Weights(TestCheckpoints.Tiny);
        tensors.Add(("lm_head.weight", "F32", [11, 4], new byte[11 * 4 * 4]));
        using OpenedModel model = OpenedModel.Open(TestCheckpoints.Folder(_folder, tensors));
        float[] value = new float[1];
        model.Weight(model.Architecture.Weights(model.Configuration)[0]).ReadFloats(0, value);
        Assert.Equal(0.5f, value[0]);
    }

    [Fact]
    public void A_missing_weight_is_named() => Refuses(
        TestCheckpoints.Weights(TestCheckpoints.Tiny, name => name == "h.0.mlp.c_fc.bias" ? null : name),
        "model.safetensors", "lacks the weight h.0.mlp.c_fc.bias", "shape [16]");

    [Fact]
    public void A_weight_of_another_shape_is_named()
    {
        var tensors = TestCheckpoints.Weights(TestCheckpoints.Tiny);
        int index = tensors.FindIndex(tensor => tensor.Name == "h.0.attn.c_attn.weight");
        tensors[index] = tensors[index] with { Shape = [12, 4] };
        Refuses(tensors, "'h.0.attn.c_attn.weight' with shape [12, 4], expected [4, 12]");
    }

    [Fact]
    public void A_vector_with_two_dimensions_is_named()
    {
        var tensors = TestCheckpoints.Weights(TestCheckpoints.Tiny);
        int index = tensors.FindIndex(tensor => tensor.Name == "ln_f.weight");
        tensors[index] = tensors[index] with { Shape = [4, 1] };
        Refuses(tensors, "'ln_f.weight' with shape [4, 1], expected [4]");
    }

    [Fact]
    public void A_weight_of_a_type_that_cannot_be_read_is_named()
    {
        var tensors = TestCheckpoints.Weights(TestCheckpoints.Tiny);
        int index = tensors.FindIndex(tensor => tensor.Name == "ln_f.weight");
        tensors[index] = tensors[index] with { TypeName = "I32" };
        Refuses(tensors, "'ln_f.weight' as I32, expected F32, F16 or BF16");
    }

    [Fact]
    public void A_tensor_of_no_weight_is_named()
    {
        var tensors = TestCheckpoints.Weights(TestCheckpoints.Tiny);
        tensors.Add(("h.1.ln_1.weight", "F32", [4], new byte[16]));
        Refuses(tensors, "'h.1.ln_1.weight'", "gpt2 with 1 layers");
    }

    [Fact]
    public void A_weight_with_and_without_prefix_is_refused()
    {
        var tensors = TestCheckpoints.Weights(TestCheckpoints.Tiny);
        tensors.Add(("transformer.ln_f.bias", "F32", [4], new byte[16]));
        Refuses(tensors, "'ln_f.bias' twice", "'transformer.ln_f.bias'");
    }

    [Theory]
    [InlineData("""{"model_type":"llama"}""", "model_type = 'llama', expected one of gpt2")]
    [InlineData("""{"n_layer":1}""", "has no model_type")]
    [InlineData("""{"model_type":null}""", "has no model_type")]
    [InlineData("""{"model_type":"gpt2","n_layer":1,"n_layer":2}""", "a key stands twice")]
    [InlineData("""{"model_type":"\ud800"}""", "not valid Unicode")]
    [InlineData("""{"model_type":"gpt2","activation_function":"\ud800"}""", "config.json")]
    [InlineData("[]", "its root is not an object")]
    [InlineData("", "is not a JSON object")]
    [InlineData("{\"model_type\":\n}", "line 2, byte 1 is wrong")]
    public void A_wrong_configuration_is_refused(string config, string what)
    {
        ModelLocation location = TestCheckpoints.Folder(_folder, TestCheckpoints.Weights(TestCheckpoints.Tiny), config);
        TestCheckpoints.Refuses(() => OpenedModel.Open(location).Dispose(), _folder["config.json"], what);
        TestCheckpoints.Refuses(() => location.Validate(), _folder["config.json"], what);
    }

    [Fact]
    public void Files_are_free_after_dispose_and_after_an_error()
    {
        ModelLocation location = TestCheckpoints.Folder(_folder, TestCheckpoints.Weights(TestCheckpoints.Tiny));
        OpenedModel.Open(location).Dispose();
        Assert.Equal(TestCheckpoints.Tiny, location.Validate());
        TestCheckpoints.Write(location.WeightsFile, [("x", "F32", [1], new byte[4])]);
        Assert.Throws<ModelFormatException>(() => OpenedModel.Open(location));
        using FileStream exclusive = new(location.WeightsFile, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Assert.True(exclusive.Length > 0);
    }

    private void Refuses(List<(string, string, long[], byte[])> tensors, params string[] parts)
    {
        ModelLocation location = TestCheckpoints.Folder(_folder, tensors);
        TestCheckpoints.Refuses(() => OpenedModel.Open(location).Dispose(), parts);
        TestCheckpoints.Refuses(() => location.Validate(), parts);
    }
}
