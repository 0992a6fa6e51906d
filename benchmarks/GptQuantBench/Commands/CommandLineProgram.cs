using GptQuantBench.Benchmarks;

namespace GptQuantBench.Commands;

/// <summary>Finds the verb, runs it, and turns every failure into one line and an exit code.</summary>
internal static class CommandLineProgram
{
    /// <summary>Runs the program; returns the exit code.</summary>
    public static int Execute(string[] arguments)
    {
        try
        {
            return arguments switch
            {
                [Verbs.Generate, .. var rest] => GenerateCommand.Execute(rest),
                [Verbs.Logits, .. var rest] => LogitsCommand.Execute(rest),
                [Verbs.Tokenize, .. var rest] => TokenizeCommand.Execute(rest),
                [Verbs.Evaluate, .. var rest] => EvaluateCommand.Execute(rest),
                [Verbs.Info, .. var rest] => InfoCommand.Execute(rest),
                [Verbs.ReplayFault, var model, var format, var phase] => FaultReplay.Execute(model, format, phase),
                _ => RunCommand.Execute(arguments),
            };
        }
        catch (Exception exception)
        {
            Console.Error.WriteLine($"gptquantbench: {FailureText.Of(exception)}");
            return ExitCode.BadInput;
        }
    }
}
