namespace GptQuantBench.Tests;

/// <summary>How a program ended.</summary>
internal sealed record Outcome(int ExitCode, string Output, string Error)
{
    /// <summary>Everything, for messages of failed tests.</summary>
    public override string ToString() => $"exit code {ExitCode}\nstdout:\n{Output}\nstderr:\n{Error}";

    /// <summary>Asserts the exit code and exactly one line on stderr, which names all of the parts; no stack trace anywhere.</summary>
    public void ShouldFail(int exitCode, params string[] parts)
    {
        Assert.True(exitCode == ExitCode, ToString());
        var line = Assert.Single(Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.All(parts, part => Assert.Contains(part, line, StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", Error + Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", line, StringComparison.Ordinal);
    }

    /// <summary>Asserts success.</summary>
    public Outcome ShouldSucceed()
    {
        Assert.True(ExitCode == 0, ToString());
        return this;
    }
}
