using System.Text.Json;
using GptQuantBench.Inference.Tokenization;

namespace GptQuantBench.Inference.Tests.Tokenization;

/// <summary>Ids against implementations that are not ours: tiktoken's core and, in the goldens, the npm package gpt-3-encoder.</summary>
public sealed class ReferenceIdsTests
{
    public static IEnumerable<TheoryDataRow<int>> CaseNumbers => Enumerable.Range(0, ReferenceCase.All.Count).Select(i => new TheoryDataRow<int>(i));

    [Fact]
    public void The_prompt_of_the_main_job_has_the_ids_that_everyone_has() =>
        Assert.Equal([464, 2003, 286, 9552, 318], Vocabularies.Embedded.Encode("The future of AI is"));

    [Theory]
    [MemberData(nameof(CaseNumbers))]
    public void The_embedded_vocabulary_gives_the_reference_ids(int number) =>
        Assert.Equal(ReferenceCase.All[number].Ids, Vocabularies.Embedded.Encode(ReferenceCase.All[number].Text));

    [Theory]
    [MemberData(nameof(CaseNumbers))]
    public void The_text_of_the_reference_ids_is_the_text_again(int number) =>
        Assert.Equal(ReferenceCase.All[number].Text, Vocabularies.Embedded.Decode(ReferenceCase.All[number].Ids));

    [Fact]
    public void The_own_text_has_its_reference_ids()
    {
        Assert.InRange(ReferenceCase.OwnText.Ids.Length, 4000, 5000);
        Assert.Equal(ReferenceCase.OwnText.Ids, Vocabularies.Embedded.Encode(ReferenceCase.OwnText.Text));
    }

    [Fact]
    public void The_prompts_of_the_goldens_have_their_ids()
    {
        using JsonDocument goldens = JsonDocument.Parse(File.ReadAllText(Path.Combine(Fixtures.Gpt2Nano, "goldens.json")));
        JsonElement[] prompts = [.. goldens.RootElement.GetProperty("prompts").EnumerateArray()];
        Assert.NotEmpty(prompts);
        foreach (JsonElement prompt in prompts)
        {
            int[] ids = [.. prompt.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
            int[] greedy = [.. prompt.GetProperty("greedy").EnumerateArray().Select(id => id.GetInt32())];
            Assert.Equal(ids, Vocabularies.Embedded.Encode(prompt.GetProperty("text").GetString()!));
            Assert.Equal(prompt.GetProperty("greedy_text").GetString(), Vocabularies.Embedded.Decode(greedy));
        }
    }

    [Fact]
    public void GPT2s_own_files_give_the_reference_ids_too()
    {
        (string vocabulary, string merges) = Vocabularies.FindGpt2Files();
        ITokenizer tokenizer = TokenizerFactory.Create(vocabulary, merges, 50257)!;
        Assert.Equal(vocabulary, tokenizer.Source);
        Assert.All(ReferenceCase.All.Append(ReferenceCase.OwnText), one =>
        {
            Assert.Equal(one.Ids, tokenizer.Encode(one.Text));
            Assert.Equal(one.Text, tokenizer.Decode(one.Ids));
        });
        Assert.All(Enumerable.Range(0, 50257), id => Assert.True(tokenizer.Bytes(id).SequenceEqual(Vocabularies.Embedded.Bytes(id))));
    }
}
