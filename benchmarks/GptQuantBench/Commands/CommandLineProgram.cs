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
                [Verbs.Compare, .. var rest] => CompareCommand.Execute(rest),
                [Verbs.Merge, .. var rest] => MergeCommand.Execute(rest),
                [Verbs.Export, .. var rest] => ExportCommand.Execute(rest),
                [Verbs.Fetch, .. var rest] => FetchCommand.Execute(rest),
                [Verbs.Quantize, .. var rest] => QuantizeCommand.Execute(rest),
                [Verbs.Report, .. var rest] => ReportCommand.Execute(rest),
                [Verbs.Watch, .. var rest] => WatchCommand.Execute(rest),
                [Verbs.Info, .. var rest] => InfoCommand.Execute(rest),
                [Verbs.ReplayFault, var model, var format, var phase] => FaultReplay.Execute(model, format, phase),
                _ => RunCommand.Execute(arguments),
            };
        }
        catch (OperationCanceledException)
        {
            // Only downloads are cancelled this way; a run has its own handler.
            Console.Error.WriteLine("gptquantbench: stopped; what was downloaded is kept, and the next download goes on from it.");
            return ExitCode.Cancelled;
        }
        catch (Exception exception)
        {
            Console.Error.WriteLine($"gptquantbench: {FailureText.Of(exception)}");
            return ExitCode.BadInput;
        }
    }
}
