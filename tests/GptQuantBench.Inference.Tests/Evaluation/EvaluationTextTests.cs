using System.Text;
using GptQuantBench.Inference.Evaluation;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Tests.Evaluation;

public class EvaluationTextTests
{
    [Fact]
    public void The_hash_is_of_the_bytes_and_a_byte_order_mark_is_no_text()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["a.txt"], [0xEF, 0xBB, 0xBF, .. "abc"u8]);
        File.WriteAllText(folder["b.txt"], "abc");
        EvaluationText a = EvaluationText.Read(folder["a.txt"]), b = EvaluationText.Read(folder["b.txt"]);
        Assert.Equal(("abc", "abc"), (a.Content, b.Content));

        // sha256 of "abc", FIPS 180-2.
        Assert.Equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", b.Sha256);
        Assert.NotEqual(a.Sha256, b.Sha256);
        Assert.Equal("a.txt", a.FileName);
    }

    /// <summary>Rows of the dataset are lines with their break, "" where blank; the guide joins them by two breaks.</summary>
    [Fact]
    public void Wikitext_is_joined_as_the_guide_does()
    {
        string[] rows = ["", " = Robert Boulter = \n", "", " He is an actor . \n"];
        Assert.Equal(string.Join("\n\n", rows), EvaluationText.JoinWikitext(" \n = Robert Boulter = \n \n He is an actor . \n"));
    }

    [Fact]
    public void A_missing_file_and_one_that_is_not_utf8_are_one_sentence()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["latin1.txt"], Encoding.Latin1.GetBytes("é"));
        Assert.Contains("can't be read", Assert.Throws<ModelFormatException>(() => EvaluationText.Read(folder["none.txt"])).Message, StringComparison.Ordinal);
        Assert.Contains("not UTF-8", Assert.Throws<ModelFormatException>(() => EvaluationText.Read(folder["latin1.txt"])).Message, StringComparison.Ordinal);
    }
}
