using GptQuantBench.Reporting.Figures;

namespace GptQuantBench.Reporting.Json;

/// <summary>
/// A report file cannot be read. The message is one sentence for the user: it names the file, what was expected, and what to do.
/// </summary>
public sealed class ReportFormatException : Exception
{
    public ReportFormatException(string message) : base(TextPreview.SingleLine(message))
    {
    }

    public ReportFormatException(string message, Exception innerException) : base(TextPreview.SingleLine(message), innerException)
    {
    }
}
