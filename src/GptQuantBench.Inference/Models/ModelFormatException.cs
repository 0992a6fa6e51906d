namespace GptQuantBench.Inference.Models;

/// <summary>
/// A model file, or a value given for a model, is not what it must be. The message is one sentence for the user: it names the
/// file or value, what was expected, and what to do.
/// </summary>
public sealed class ModelFormatException : Exception
{
    public ModelFormatException(string message) : base(message)
    {
    }

    public ModelFormatException(string message, Exception? innerException) : base(message, innerException)
    {
    }
}
