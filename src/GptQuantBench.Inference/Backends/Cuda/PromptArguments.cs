using System.Runtime.InteropServices;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary><c>PromptArguments</c> of prompt_arguments.cuh, field for field; what they mean is said there.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PromptArguments
{
    public PersistentArguments Common;
    public int Tokens;
    public PromptIds Prompt;
}
