namespace GptQuantBench.Commands;

/// <summary>Wrong use. The message is the one line that the user sees: the value, what was expected, what to do.</summary>
public sealed class UserErrorException : Exception
{
    public UserErrorException(string message) : base(message)
    {
    }

    public UserErrorException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
