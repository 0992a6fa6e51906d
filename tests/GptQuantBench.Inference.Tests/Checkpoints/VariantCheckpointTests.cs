using System.Text.Json;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Tests.Checkpoints;

/// <summary>Checkpoints that transformers reads too, in every layout that eng/make_gpt2_variants.py knows.</summary>
public sealed class VariantCheckpointTests
{
    public static IEnumerable<TheoryDataRow<string>> Names => Fixtures.Variants.Select(folder => new TheoryDataRow<string>(Path.GetFileName(folder)));

    [Theory]
    [MemberData(nameof(Names))]
    public void A_variant_opens_with_as_many_parameters_as_transformers_counts(string name)
    {
        string folder = Path.Combine(Fixtures.Root, "variants", name);
        using var goldens = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "goldens.json")));
        using OpenedModel model = OpenedModel.Open(ModelLocator.FromDirectory(folder));
        Assert.Equal(goldens.RootElement.GetProperty("num_parameters").GetInt64(), ModelArchitectures.ParameterCount(model.Configuration));
        foreach (WeightSpec spec in model.Architecture.Weights(model.Configuration))
        {
            float[] values = new float[spec.Count];
            model.Weight(spec).ReadFloats(0, values);
            Assert.All(values, value => Assert.InRange(value, -10f, 10f));
            Assert.Contains(values, value => value != 0f);
        }
    }
}
