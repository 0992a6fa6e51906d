using System.Diagnostics;
using System.Text.Json;
using GptQuantBench.Benchmarks;
using GptQuantBench.Commands;

namespace GptQuantBench.Exporters;

/// <summary>Finds the kernel behind a fault on the device by <see cref="FaultReplay"/> in a process of its own.</summary>
internal sealed class FaultInquiry(RunSettings settings)
{
    /// <summary>Loading gpt2-xl and 50 tokens, one launch at a time, take less; a kernel that never ends takes for ever.</summary>
    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(2);

    private readonly Dictionary<(string Model, string Format), string> _explained = [];

    /// <summary>The error of a phase that faulted, with the kernel's name or why it is not known; one sentence. Asks once for each case.</summary>
    public string Explain(PhaseRecord failed)
    {
        var key = (failed.Model, failed.Format);
        if (!_explained.TryGetValue(key, out var sentence))
        {
            sentence = Sentence(failed);
            _explained.Add(key, sentence);
        }

        return sentence;
    }

    private string Sentence(PhaseRecord failed)
    {
        var finding = Repeat(failed);
        if (finding?.Kernel is { } kernel)
        {
            LostDevice.NameKernel(kernel);
            return finding.Error!;
        }

        var because = finding is null ? $"repeating the work one launch at a time did not end within {_limit.TotalMinutes:0} minutes"
            : finding.Error is { } other ? $"repeating the work one launch at a time failed in another way: {other.TrimEnd('.')}"
            : "the fault did not come again when the work was repeated one launch at a time";
        return $"{failed.Error!.TrimEnd('.')}; the kernel is not known because {because}.";
    }

    /// <summary>Null where the repetition did not end.</summary>
    private FaultReplay.Finding? Repeat(PhaseRecord failed)
    {
        var host = Environment.ProcessPath!;
        var start = new ProcessStartInfo(host) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (Path.GetFileNameWithoutExtension(host) == "dotnet")
        {
            start.ArgumentList.Add(typeof(FaultInquiry).Assembly.Location);
        }

        foreach (var argument in (string[])[Verbs.ReplayFault, failed.Model, failed.Format, failed.Phase.ToString()])
        {
            start.ArgumentList.Add(argument);
        }

        settings.PublishTo(start.Environment);
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(_limit))
        {
            process.Kill(entireProcessTree: true);
            return null;
        }

        process.WaitForExit();
        var lines = output.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return process.ExitCode == ExitCode.Success && lines is [.., var last]
            ? JsonSerializer.Deserialize<FaultReplay.Finding>(last)
            : new(Kernel: null, $"the process ended with exit code {process.ExitCode} {error.Result.ReplaceLineEndings(" ").Trim()}".Trim());
    }
}
