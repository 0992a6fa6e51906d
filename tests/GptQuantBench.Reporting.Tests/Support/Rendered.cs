using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Terminal;
using Spectre.Console;
using Spectre.Console.Testing;

namespace GptQuantBench.Reporting.Tests.Support;

/// <summary>What a console without colours shows.</summary>
internal static class Rendered
{
    public static string Console(RunReport report, int width) => Console(console => ConsoleReport.Write(console, report), width);

    public static string Console(Action<IAnsiConsole> write, int width)
    {
        using var console = new TestConsole();
        console.Profile.Width = width;
        write(console);
        // Cells are padded with blanks; where a line ends in them, nobody sees them and editors remove them.
        return string.Join('\n', console.Output.ReplaceLineEndings("\n").Split('\n').Select(line => line.TrimEnd()));
    }
}
