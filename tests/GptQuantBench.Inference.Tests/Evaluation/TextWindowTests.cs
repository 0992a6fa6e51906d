using GptQuantBench.Inference.Evaluation;

namespace GptQuantBench.Inference.Tests.Evaluation;

public class TextWindowTests
{
    /// <summary>Against the loop of Hugging Face's guide, written out: every token but the first is scored once, with most before it.</summary>
    [Theory]
    [InlineData(47_042, 1024, 1024)]
    [InlineData(47_042, 1024, 512)]
    [InlineData(2049, 1024, 1024)]
    [InlineData(100, 1024, 256)]
    [InlineData(10, 4, 3)]
    public void Windows_are_those_of_the_guide(int tokens, int window, int stride)
    {
        List<TextWindow> expected = [];
        int previousEnd = 0;
        for (int begin = 0; begin < tokens; begin += stride)
        {
            int end = Math.Min(begin + window, tokens);
            int length = end - begin, targets = end - previousEnd;
            expected.Add(new(begin, length, Math.Max(1, length - targets)));
            previousEnd = end;
            if (end == tokens)
            {
                break;
            }
        }

        Assert.Equal(expected, TextWindow.Cut(tokens, window, stride));
    }

    [Fact]
    public void With_overlap_only_the_first_token_is_never_scored() =>
        Assert.Equal(999, TextWindow.Cut(1000, 64, 16).Sum(window => window.Length - window.FirstScored));
}
