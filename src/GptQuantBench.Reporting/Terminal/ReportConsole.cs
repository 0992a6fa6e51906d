using Spectre.Console;

namespace GptQuantBench.Reporting.Terminal;

/// <summary>Makes the consoles that reports are written to.</summary>
public static class ReportConsole
{
    /// <summary>Columns of a table in a file; every table fits.</summary>
    private const int RedirectedWidth = 100;

    /// <summary>The process's standard output.</summary>
    public static IAnsiConsole ForStandardOutput() =>
        Create(Console.Out, Console.IsOutputRedirected, Environment.GetEnvironmentVariable("NO_COLOR"));

    /// <summary>A console over a writer.</summary>
    /// <param name="output">Where the text goes.</param>
    /// <param name="isRedirected">True: plain text, without any escape sequence.</param>
    /// <param name="noColor">Value of NO_COLOR; anything but null and "" turns colours off (no-color.org).</param>
    public static IAnsiConsole Create(TextWriter output, bool isRedirected, string? noColor = null)
    {
        ArgumentNullException.ThrowIfNull(output);
        // Spectre looks at the terminal of the process and not at this writer, so it is told.
        bool isPlain = isRedirected || !string.IsNullOrEmpty(noColor);
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(output),
            Ansi = isPlain ? AnsiSupport.No : AnsiSupport.Detect,
            ColorSystem = isPlain ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
            Interactive = InteractionSupport.No,
        });
        if (isRedirected)
        {
            // A file has no width, and Spectre would take 80.
            console.Profile.Width = RedirectedWidth;
        }

        return console;
    }
}
