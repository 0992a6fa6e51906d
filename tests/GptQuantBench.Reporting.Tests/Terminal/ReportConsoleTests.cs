using GptQuantBench.Reporting.Terminal;
using Spectre.Console;

namespace GptQuantBench.Reporting.Tests.Terminal;

public sealed class ReportConsoleTests
{
    [Theory]
    [InlineData(true, null)]
    [InlineData(true, "")]
    [InlineData(false, "0")]
    public void RedirectedOutputAndNoColorHaveNoEscapes(bool isRedirected, string? noColor)
    {
        using var text = new StringWriter();
        IAnsiConsole console = ReportConsole.Create(text, isRedirected, noColor);
        console.Write(new Text("text", new Style(Color.Red, decoration: Decoration.Bold)));
        Assert.Equal("text", text.ToString());
        Assert.False(console.Profile.Capabilities.Ansi);
        Assert.Equal(ColorSystem.NoColors, console.Profile.Capabilities.ColorSystem);
        Assert.False(console.Profile.Capabilities.Interactive);
    }

    [Fact]
    public void AFileIsWrittenIn100ColumnsWhateverTheTerminal()
    {
        using var text = new StringWriter();
        ReportConsole.Create(text, isRedirected: true).Write(new Rule());
        Assert.Equal(100, text.ToString().TrimEnd('\r', '\n').Length);
    }
}
