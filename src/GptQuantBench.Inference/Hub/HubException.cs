namespace GptQuantBench.Inference.Hub;

/// <summary>
/// A model could not be fetched. The message is one sentence for the user, and never holds the token or the query of an address, which
/// may be a signature.
/// </summary>
public sealed class HubException : Exception
{
    public HubException(string message, Exception? innerException = null) : base(message, innerException)
    {
    }

    /// <summary>True where the same request may succeed later: no connection, a connection that broke, an overloaded server.</summary>
    public bool IsTransient { get; init; }

    /// <summary>How long the server asks to wait, or null.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
