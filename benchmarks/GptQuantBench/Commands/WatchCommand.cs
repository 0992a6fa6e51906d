using System.CommandLine;
using System.Globalization;
using GptQuantBench.Benchmarks.Kernels;
using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Quantization;
using GptQuantBench.Reporting.Figures;

namespace GptQuantBench.Commands;

/// <summary><c>watch</c>: times kernels again whenever a PTX file changes, until Ctrl+C.</summary>
internal static class WatchCommand
{
    private const string Backend = "cuda";
    private const string PtxDirectoryVariable = "GPTQUANTBENCH_PTX_DIR";
    private const string DefaultFormat = "4-bit";
    private const string DefaultShape = "4096x14336";
    private const int LargestSide = 1 << 20;

    private static readonly Option[] _options = [Options.Kernels, Options.Kernel, Options.Quantizations, Options.Shape, Options.Batch, Options.Device];

    /// <summary>Runs; returns the exit code.</summary>
    public static int Execute(string[] arguments)
    {
        var result = VerbParser.Parse(Verbs.Watch, _options, arguments);
        if (result.GetValue(Options.Help))
        {
            return HelpPage.WriteVerb(
                Verbs.Watch,
                "Times matrix-product kernels again whenever a PTX file of a folder changes; Ctrl+C ends it.",
                _options,
                "--kernels /tmp/ptx --quantizations 4-bit",
                "--kernels /tmp/ptx --quantizations FP16,8-bit,4-bit --shape 768x2304 --batch 16",
                "--kernels /tmp/ptx --kernel linear_product,tiled_product --batch 16");
        }

        var folder = result.GetValue(Options.Kernels) ?? Environment.GetEnvironmentVariable(PtxDirectoryVariable);
        if (string.IsNullOrEmpty(folder))
        {
            throw new UserErrorException("watch needs the folder whose PTX files are tuned: give --kernels DIR, made by eng/kernels.sh --out DIR.");
        }

        var layouts = Layouts(result);
        var batch = result.Int(Options.Batch, 1, 1, 4096);
        var options = new BackendOptions(result.Int(Options.Device, 0, 0, 1023), KernelDirectory: Path.GetFullPath(folder));
        var selection = BackendRegistry.Select(Backend, options);
        var backend = selection.Backend ?? throw new UserErrorException($"watch needs a CUDA device, and none can be used: {selection.Error}");
        var subjects = Subjects(result, backend.KernelBench(options), layouts, batch);
        using var stop = new SignalCancellation();
        using var changes = new FolderChanges(options.KernelDirectory!, "*.ptx");
        Console.WriteLine($"Watching {options.KernelDirectory} on {selection.Device}; Ctrl+C ends it.");
        return Watch(backend, options, subjects, batch, changes, stop.Token);
    }

    private static int Watch(
        IBackend backend, BackendOptions options, IReadOnlyList<Subject> subjects, int batch, FolderChanges changes, CancellationToken stop)
    {
        Dictionary<Subject, (KernelTrial First, KernelTrial Last)> trials = [];
        for (var round = 0; !stop.IsCancellationRequested; round++)
        {
            foreach (var subject in subjects)
            {
                if (!Try(backend, options, subject, batch, round, trials))
                {
                    return ExitCode.CaseFailed;
                }
            }

            try
            {
                var names = changes.NextAsync(stop).GetAwaiter().GetResult();
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{DateTime.Now:HH:mm:ss} {string.Join(", ", names)}"));
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }

        return ExitCode.Cancelled;
    }

    /// <summary>Times a kernel and writes its line; a kernel that cannot be compiled waits for the next change. False where the device is lost.</summary>
    private static bool Try(
        IBackend backend,
        BackendOptions options,
        Subject subject,
        int batch,
        int round,
        Dictionary<Subject, (KernelTrial First, KernelTrial Last)> trials)
    {
        var (kernel, layout) = subject;
        var name = string.Create(
            CultureInfo.InvariantCulture, $"  {(round == 0 ? "start" : $"change {round}"),-10}{kernel} {layout.Format.Name} {layout.Columns}x{layout.Rows} batch {batch}: ");
        try
        {
            var trial = KernelTrial.Measure(backend.KernelBench(options), kernel, layout, batch);
            var isKnown = trials.TryGetValue(subject, out var earlier);
            trials[subject] = (isKnown ? earlier.First : trial, trial);
            Console.WriteLine(name + Text(trial) + (isKnown ? $", {Change(trial, earlier.First)} since the start, {Change(trial, earlier.Last)} since the last" : ""));
            return true;
        }
        catch (Exception exception)
        {
            Console.WriteLine($"{name}FAILED: {FailureText.Of(exception)}");
            if (backend.FaultOf(exception, options) is null)
            {
                return true;
            }

            Console.Error.WriteLine("gptquantbench: the device can't be used in this process after that fault; start watch again.");
            return false;
        }
    }

    private static string Text(KernelTrial trial) =>
        $"{FigureFormat.WithSpread(trial.MedianUs, trial.Spread)} µs, {FigureFormat.Number(trial.GbPerSec)} GB/s "
        + $"({FigureFormat.Percent(trial.GbPerSec / trial.ReadBandwidthGbPerSec)} of the read bandwidth), "
        + (trial.IsRight
            ? $"error {FigureFormat.Number(trial.RelativeError)}"
            : $"WRONG: the outputs differ from the product by {FigureFormat.Number(trial.RelativeError)} of their size");

    private static string Change(KernelTrial trial, KernelTrial other) => FigureFormat.Change((trial.MedianUs / other.MedianUs) - 1);

    /// <summary>The kernels that were named, each for every format, or the one that runs such a product.</summary>
    private static List<Subject> Subjects(ParseResult result, IKernelBench bench, IReadOnlyList<PackedLayout> layouts, int batch)
    {
        if (result.GetValue(Options.Kernel) is not { } text)
        {
            return [.. layouts.Select(layout => new Subject(bench.MatrixKernelFor(layout, batch), layout))];
        }

        List<Subject> subjects = [];
        foreach (var layout in layouts)
        {
            var known = bench.MatrixKernelsOf(layout.Format);
            foreach (var name in result.Names(Options.Kernel, ""))
            {
                subjects.Add(known.Contains(name)
                    ? new(name, layout)
                    : throw new UserErrorException(
                        $"Option {Options.Kernel.Name} has the value '{text}'; expected names of kernels, for {layout.Format.Name} {string.Join(" or ", known)}."));
            }
        }

        return subjects;
    }

    private static IReadOnlyList<PackedLayout> Layouts(ParseResult result)
    {
        var text = result.GetValue(Options.Shape) ?? DefaultShape;
        return text.Split('x') is [var inputs, var outputs] && Side(inputs) is { } columns && Side(outputs) is { } rows
            ?
            [
                .. result.Names(Options.Quantizations, DefaultFormat)
                    .Select(format => new PackedLayout(KernelSettings.Layout(format), rows, columns))
                    .Distinct(),
            ]
            : throw new UserErrorException($"Option {Options.Shape.Name} has the value '{text}'; expected inputs and outputs of a matrix, such as {DefaultShape}.");
    }

    private static int? Side(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var side) && side is > 0 and <= LargestSide ? side : null;

    /// <summary>What a line is about.</summary>
    private sealed record Subject(string Kernel, PackedLayout Layout);
}
