using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Tests.Models;

public sealed class ModelCatalogueTests
{
    [Theory]
    [InlineData("gpt2", "openai-community/gpt2", 124_439_808)]
    [InlineData("gpt2-medium", "openai-community/gpt2-medium", 354_823_168)]
    [InlineData("gpt2-large", "openai-community/gpt2-large", 774_030_080)]
    [InlineData("gpt2-xl", "openai-community/gpt2-xl", 1_557_611_200)]
    public void Known_models_have_their_published_number_of_parameters(string name, string repository, long parameters)
    {
        CatalogueModel model = ModelCatalogue.Get(name);
        Assert.Equal(repository, model.RepositoryId);
        Assert.Equal(parameters, ModelArchitectures.ParameterCount(model.Configuration));
    }

    [Fact]
    public void Case_does_not_matter() => Assert.Equal("gpt2-xl", ModelCatalogue.Get("GPT2-XL").Name);

    [Fact]
    public void A_near_match_is_suggested()
    {
        string message = Assert.Throws<ModelFormatException>(() => ModelCatalogue.Get("gpt2-meduim")).Message;
        Assert.Contains("Unknown model 'gpt2-meduim' (did you mean 'gpt2-medium'?)", message, StringComparison.Ordinal);
        Assert.Contains("gpt2, gpt2-medium, gpt2-large, gpt2-xl", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_is_suggested_for_something_else() =>
        Assert.DoesNotContain("did you mean", Assert.Throws<ModelFormatException>(() => ModelCatalogue.Get("mistral-7b")).Message, StringComparison.Ordinal);

    [Fact]
    public void An_architecture_is_found_by_its_model_type()
    {
        Assert.IsType<Gpt2Architecture>(ModelArchitectures.Find("gpt2"));
        Assert.Null(ModelArchitectures.Find("llama"));
    }
}
