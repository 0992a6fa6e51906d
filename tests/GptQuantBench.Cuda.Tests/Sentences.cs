namespace GptQuantBench.Cuda.Tests;

/// <summary>Messages are printed to users as one line.</summary>
internal static class Sentences
{
    /// <summary>One line that ends in its only full stop between words.</summary>
    public static void AssertOne(string message)
    {
        Assert.DoesNotContain('\n', message);
        Assert.EndsWith(".", message, StringComparison.Ordinal);
        Assert.DoesNotContain(". ", message, StringComparison.Ordinal);
    }
}
