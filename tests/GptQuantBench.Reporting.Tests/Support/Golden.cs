using System.Globalization;

namespace GptQuantBench.Reporting.Tests.Support;

/// <summary>Compares text with a committed file, exactly.</summary>
internal static class Golden
{
    /// <summary>Fails with the first line that differs, and leaves what was received where one command accepts it.</summary>
    /// <param name="name">Name of the file in the folder Golden.</param>
    /// <param name="received">The text, lines ending in LF.</param>
    public static void Verify(string name, string received)
    {
        string verifiedPath = Repository.PathOf("tests", "GptQuantBench.Reporting.Tests", "Golden", name);
        string verified = File.Exists(verifiedPath) ? File.ReadAllText(verifiedPath) : "";
        if (verified == received)
        {
            return;
        }

        string receivedPath = Path.Combine(AppContext.BaseDirectory, "received", name);
        Directory.CreateDirectory(Path.GetDirectoryName(receivedPath)!);
        File.WriteAllText(receivedPath, received);
        Assert.Fail($"{Difference(verified, received)}\nAccept the new text with: cp '{receivedPath}' '{verifiedPath}'");
    }

    internal static string Difference(string verified, string received)
    {
        string[] expected = verified.Split('\n');
        string[] actual = received.Split('\n');
        int line = 0;
        while (line < expected.Length && line < actual.Length && expected[line] == actual[line])
        {
            line++;
        }

        return string.Create(
            CultureInfo.InvariantCulture,
            $"Line {line + 1} differs.\nverified: {At(expected, line)}\nreceived: {At(actual, line)}");
    }

    private static string At(string[] lines, int index) => index < lines.Length ? lines[index] : "(the text ends before this line)";
}
