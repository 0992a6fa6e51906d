using System.Reflection;

namespace GptQuantBench.Commands;

/// <summary>One line for the user from any exception.</summary>
internal static class FailureText
{
    /// <summary>The message; for exceptions that were not written for users, which ours are, with their type.</summary>
    public static string Of(Exception exception)
    {
        while (exception is TargetInvocationException or AggregateException && exception.InnerException is { } inner)
        {
            exception = inner;
        }

        var isForUsers = exception is IOException or UnauthorizedAccessException or OutOfMemoryException
            || exception.GetType().Namespace!.StartsWith(nameof(GptQuantBench), StringComparison.Ordinal);
        var text = isForUsers ? exception.Message : $"{exception.GetType().Name}: {exception.Message}";
        return text.ReplaceLineEndings(" ").Trim();
    }
}
