using System.Collections.Concurrent;
using GptQuantBench.Inference.Hub;
using Spectre.Console;

namespace GptQuantBench.Progress;

/// <summary>
/// Downloads on the console, on stderr: a bar for each file with rate and time left on a terminal, else a line when a file starts and
/// one when it is there.
/// </summary>
internal sealed class DownloadProgress : IHubProgress
{
    private readonly IAnsiConsole _console;
    private readonly ProgressContext? _bars;
    private readonly ConcurrentDictionary<string, ProgressTask> _tasks = [];

    private DownloadProgress(IAnsiConsole console, ProgressContext? bars)
    {
        _console = console;
        _bars = bars;
    }

    /// <summary>Runs work that downloads.</summary>
    public static T Show<T>(Func<IHubProgress, T> work)
    {
        var isTerminal = !Console.IsErrorRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(Console.Error),
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = isTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = isTerminal ? InteractionSupport.Detect : InteractionSupport.No,
        });
        return isTerminal
            ? console.Progress()
                .Columns(
                    new TaskDescriptionColumn { Alignment = Justify.Left },
                    new ProgressBarColumn(),
                    new PercentageColumn(),
                    // Thousands, as in the lines without a terminal and on the hub's pages.
                    new DownloadedColumn { Base = FileSizeBase.Decimal },
                    new TransferSpeedColumn { Base = FileSizeBase.Decimal },
                    new RemainingTimeColumn())
                .Start(bars => work(new DownloadProgress(console, bars)))
            : work(new DownloadProgress(console, bars: null));
    }

    /// <inheritdoc />
    public void Started(HubFile file, long presentBytes)
    {
        if (_bars is null)
        {
            var rest = presentBytes > 0 ? $", going on after {Size(presentBytes)}" : "";
            Notice($"{file.Name}: {Size(file.Size)}{rest}");
            return;
        }

        // What an earlier download left is no speed of this one, so the bar is about the rest.
        var task = _bars.AddTask(Markup.Escape(file.Name), maxValue: Math.Max(1, file.Size - presentBytes));
        task.Tag = presentBytes;
        _tasks[file.Name] = task;
    }

    /// <inheritdoc />
    public void Advanced(HubFile file, long presentBytes)
    {
        if (_tasks.TryGetValue(file.Name, out var task) && task.Tag is long first)
        {
            task.Value = Math.Max(0, presentBytes - first);
        }
    }

    /// <inheritdoc />
    public void Finished(HubFile file)
    {
        if (_tasks.TryGetValue(file.Name, out var task))
        {
            task.Value = task.MaxValue;
            task.StopTask();
        }
        else
        {
            Notice($"{file.Name}: complete and verified");
        }
    }

    /// <inheritdoc />
    public void Notice(string text)
    {
        // Spectre would wrap what others want to read line by line.
        if (_bars is null)
        {
            Console.Error.WriteLine(text);
        }
        else
        {
            _console.WriteLine(text);
        }
    }

    private static string Size(long bytes) => bytes >= 1_000_000 ? $"{bytes / 1e6:0.#} MB" : $"{bytes / 1e3:0.#} kB";
}
