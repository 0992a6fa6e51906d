using System.CommandLine;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Filters;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using GptQuantBench.Benchmarks;
using GptQuantBench.Benchmarks.Kernels;
using GptQuantBench.Benchmarks.Sweeps;
using GptQuantBench.Configuration;
using GptQuantBench.Evaluation;
using GptQuantBench.Exporters;
using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Quantization;
using GptQuantBench.Progress;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Commands;

/// <summary>The default verb: chooses the work, lets BenchmarkDotNet run it, keeps the report, decides the exit code.</summary>
internal static class RunCommand
{
    private const string DefaultPrompt = "The future of AI is";
    private const string DefaultFormats = "FP16,8-bit,4-bit";
    private const string DefaultIds = "0 1 2 3 4";
    private const int DefaultTokens = 50;

    /// <summary>Runs; returns the exit code.</summary>
    public static int Execute(string[] arguments)
    {
        var benchmarkDotNet = new BenchmarkDotNetOptions();
        Option[] own =
        [
            Options.Models, Options.ModelPath, Options.Quantizations, .. Options.Machine, .. Options.Work, Options.Quality, Options.Text, Options.Smoke,
            Options.Sweeps, Options.Shard, Options.Baseline, Options.CaseTimeout, Options.Version,
        ];
        var result = VerbParser.Parse(Verbs.Run, [.. own, .. benchmarkDotNet.All], arguments);
        if (result.GetValue(Options.Help))
        {
            HelpPage.Write(own, benchmarkDotNet.All);
            return ExitCode.Success;
        }

        if (result.GetValue(Options.Version))
        {
            Console.WriteLine(ToolVersion.Text);
            return ExitCode.Success;
        }

        if (result.GetResult(benchmarkDotNet["info"]) is not null)
        {
            Console.WriteLine(BenchmarkDotNet.Environments.HostEnvironmentInfo.GetInformation());
            return ExitCode.Success;
        }

        if (result.GetResult(benchmarkDotNet["list"]) is not null)
        {
            return List(result, benchmarkDotNet);
        }

        return arguments.Length == 0
            ? throw new UserErrorException("Nothing was chosen; --filter '*' runs the main job, --list flat names the benchmarks, --help explains all options.")
            : Run(result, benchmarkDotNet, arguments);
    }

    private static int List(ParseResult result, BenchmarkDotNetOptions benchmarkDotNet)
    {
        var settings = Named(result, Formats(result));
        (settings with { Sweeps = SweepChoice.Listed(settings, isFull: false), KernelBenchmarks = KernelChoice.Listed(settings) }).Publish();
        var config = ManualConfig.CreateEmpty().AddLogger(new ConsoleLogger());
        BenchmarkSwitcher.FromTypes([typeof(MainJob), .. SweepKind.All.Select(kind => kind.Type), typeof(DeviceProbes), typeof(MatrixKernels)]).Run(benchmarkDotNet.Arguments(result), config);
        return ExitCode.Success;
    }

    private static int Run(ParseResult result, BenchmarkDotNetOptions benchmarkDotNet, string[] arguments)
    {
        var notices = new List<string>();
        void Notify(string text)
        {
            notices.Add(text);
            Console.WriteLine(text);
        }

        var startedAt = DateTimeOffset.UtcNow;
        var filters = Filters(result, benchmarkDotNet, Notify);
        var shard = Shard.Parse(result.GetValue(Options.Shard));
        var baseline = result.GetValue(Options.Baseline) is { } name ? Baselines.CheckName(name) : null;
        var artifacts = ArtifactsDirectory.Resolve(result.GetValue(benchmarkDotNet["artifacts"])?.FirstOrDefault());
        using var exclusive = ArtifactsDirectory.Lock(artifacts);
        var caseTimeout = result.GetValue(Options.CaseTimeout) is null
            ? (TimeSpan?)null
            : TimeSpan.FromSeconds(result.Int(Options.CaseTimeout, 0, 1, 1_000_000));
        using var records = new TemporaryDirectory("gptquantbench-records");
        string[] Forwarded(params string[] except) =>
            [.. benchmarkDotNet.Arguments(result, ["filter", "inProcess", "artifacts", "resume", .. except]), "--filter", .. filters];
        var settings = Settings(
            result,
            artifacts,
            records.FullName,
            named => RequireMatch(
                named with
                {
                    Sweeps = SweepChoice.HasSweeps(result) ? SweepChoice.Listed(named, SweepChoice.IsFull(result)) : null,
                    KernelBenchmarks = KernelChoice.From(result, benchmarkDotNet, named),
                },
                Forwarded(),
                filters),
            Notify);
        // Sweeps are not split: they belong to the first part of a run.
        settings = (shard.Number == 1
            ? settings with
            {
                Sweeps = SweepChoice.From(result, benchmarkDotNet, settings),
                KernelBenchmarks = KernelChoice.From(result, benchmarkDotNet, settings),
            }
            : settings with { SweptDecodePaths = [] }) with
        {
            IsEnergyMeasured = !result.GetValue(Options.Smoke),
        };
        settings.Publish();
        RuntimeSettings.PublishToBenchmarkProcesses();

        var inProcess = result.GetResult(benchmarkDotNet["inProcess"]) is not null;
        using var build = inProcess ? null : BenchmarkProcesses.Lock(Notify);

        var hashes = settings.Models.ToDictionary(model => model.Name, WeightsHash.Compute);
        var isResumed = result.GetResult(benchmarkDotNet["resume"]) is not null;
        var finished = isResumed ? FinishedCases.Of(artifacts, settings, hashes) : [];
        var keptSweeps = isResumed ? FinishedCases.SweepsOf(artifacts, settings, hashes) : [];
        var keptKernels = isResumed ? FinishedCases.KernelsOf(artifacts, settings) : [];
        var iterations = result.GetValue(Options.Smoke) ? Iterations.Smoke : Iterations.For(settings.Backend);
        BenchmarkRunInfo Plan(Predicate<(string Model, string Format)> isWanted, CaseCollector? progress, ILogger log)
        {
            var config = MainJobConfig.Create(settings, iterations, inProcess, artifacts, progress, log)
                .AddFilter(new SimpleFilter(benchmark => isWanted((benchmark.ModelName(), benchmark.FormatName()))));
            return BenchmarkDotNetOptions.Benchmarks(typeof(MainJob), config, Forwarded());
        }

        BenchmarkRunInfo[] PlanDecodePaths(DecodeSweepCollector? progress, ILogger log) => settings.SweptDecodePaths is []
            ? []
            :
            [
                BenchmarkDotNetOptions.Benchmarks(
                    typeof(DecodeSweep), MainJobConfig.CreateSweep(Iterations.Sweep, inProcess, artifacts, progress, log), Forwarded()),
            ];

        var matching = Plan(_ => true, progress: null, NullLogger.Instance).BenchmarksCases
            .Select(benchmark => (benchmark.ModelName(), benchmark.FormatName()))
            .ToHashSet();
        var decodePaths = PlanDecodePaths(progress: null, NullLogger.Instance).Sum(sweep => sweep.BenchmarksCases.Length);
        var forwardedToPoints = Forwarded([.. PointConfig.OwnOptions]);
        var sweepPlan = new SweepPlan(settings, keptSweeps, inProcess, artifacts, forwardedToPoints);
        var plannedSweeps = sweepPlan.Benchmarks;
        var kernelPlan = new KernelPlan(settings, keptKernels, inProcess, artifacts, forwardedToPoints);
        var plannedKernels = kernelPlan.Benchmarks;
        if (matching.Count + decodePaths + plannedSweeps.Count + keptSweeps.Count + plannedKernels.Count + keptKernels.Count == 0)
        {
            throw NoMatch(filters);
        }

        var mine = shard.Of(settings.Cases.Where(matching.Contains));
        CaseResult[] kept = [.. finished.Where(row => mine.Any(own => row.IsCase(own.Model, own.Format)))];
        bool Remains((string Model, string Format) own) => mine.Contains(own) && !kept.Any(row => row.IsCase(own.Model, own.Format));
        var planned = Plan(Remains, progress: null, NullLogger.Instance).BenchmarksCases;
        if (kept.Length > 0)
        {
            Notify($"{kept.Length} finished cases of the earlier run are kept; {planned.Length} benchmarks remain.");
        }

        if (plannedSweeps.Count > 0)
        {
            Console.WriteLine(sweepPlan.Announcement(plannedSweeps));
        }

        if (plannedKernels.Count > 0)
        {
            Console.WriteLine(kernelPlan.Announcement(plannedKernels));
        }

        var device = BackendRegistry.Find(settings.Backend).Describe(settings.BackendOptions);
        var metadata = RunMetadataFactory.Create(startedAt, arguments, inProcess, notices, device) with
        {
            Smoke = result.GetValue(Options.Smoke) ? true : null,
            Shard = shard.Text,
        };
        var writer = new ReportWriter(artifacts, metadata, kept, keptSweeps, keptKernels);
        CaseCollector? collector = null;
        using var watchdog = new CaseWatchdog(
            caseTimeout, new PhaseRecordStore(records.FullName), inProcess ? reason => EndRun(collector!, writer, reason) : null);
        collector = new CaseCollector(planned, new CaseBuilder(settings, hashes), writer, new ConsoleProgress(planned, settings), watchdog);
        var sweepProgress = new SweepProgress();
        var sweepCollector = new SweepCollector(plannedSweeps, new SweepBuilder(settings, hashes), writer, sweepProgress);
        var kernelCollector = new KernelCollector(plannedKernels, new KernelBuilder(settings), writer, new KernelProgress());
        using var cancellation = RunCancellation.Install(writer);
        if (planned.Length + decodePaths + plannedSweeps.Count + plannedKernels.Count > 0)
        {
            using var log = new LogFile(artifacts);
            var decodeCollector = new DecodeSweepCollector(settings, hashes, writer, sweepProgress);
            BenchmarkRunInfo[] runs =
            [
                Plan(Remains, collector, log), .. sweepPlan.Runs(sweepCollector, log), .. PlanDecodePaths(decodeCollector, log),
                .. kernelPlan.Runs(kernelCollector, log),
            ];
            Measure([.. runs.Where(run => run.BenchmarksCases.Length > 0)], collector, sweepCollector, kernelCollector);
        }

        writer.Close(MachineFacts.DeviceNow(settings));
        var isKept = KeptReports.Keep(writer.Report, artifacts, baseline);
        var exitCode = ResultPages.Write(writer, artifacts);
        return isKept ? exitCode : ExitCode.CaseFailed;
    }

    /// <summary>A case hangs in this process, where nothing can stop it but the end of the process.</summary>
    private static void EndRun(CaseCollector collector, ReportWriter writer, string reason)
    {
        collector.FailTheRest("Not run, because a case before it exceeded --case-timeout in the process of the run (--inProcess); go on with --resume.");
        writer.Close();
        Console.Error.WriteLine($"gptquantbench: {reason} The run is in this process and ends with it; the report is {writer.FilePath}.");
        Environment.Exit(ExitCode.CaseFailed);
    }

    /// <summary>Runs all cases; whatever ends BenchmarkDotNet early, every case gets its row.</summary>
    private static void Measure(BenchmarkRunInfo[] runs, CaseCollector collector, params RowCollector[] others)
    {
        try
        {
            BenchmarkRunner.Run(runs);
        }
        catch (Exception exception)
        {
            var reason = $"BenchmarkDotNet stopped: {FailureText.Of(exception)}";
            collector.FailTheRest(reason);
            Array.ForEach(others, other => other.FailTheRest(reason));
            return;
        }

        if (collector.ValidationErrors is [var error, ..])
        {
            throw new UserErrorException($"BenchmarkDotNet refuses to run: {error}");
        }

        const string NeverStarted =
            "The benchmark process could not be built or started; the log file in the artifacts folder has the reason, and --inProcess needs no build.";
        collector.FailTheRest(NeverStarted);
        Array.ForEach(others, other => other.FailTheRest(NeverStarted));
    }

    private static string[] Filters(ParseResult result, BenchmarkDotNetOptions benchmarkDotNet, Action<string> notify)
    {
        var filters = result.GetValue(benchmarkDotNet["filter"]) ?? ["*"];
        if (!ShellExpansion.IsExpandedStar(filters, Directory.GetCurrentDirectory()))
        {
            return filters;
        }

        notify("The shell expanded * into the names in this folder; taken as --filter '*'.");
        return ["*"];
    }

    /// <summary>Refuses filters that match nothing, by names alone: before a model is downloaded or made.</summary>
    private static void RequireMatch(RunSettings named, string[] forwarded, string[] filters)
    {
        named.Publish();
        Type[] types =
        [
            typeof(MainJob),
            .. named.SweptDecodePaths is [] ? Type.EmptyTypes : [typeof(DecodeSweep)],
            .. named.Sweeps is null ? [] : SweepKind.All.Select(kind => kind.Type),
            .. named.KernelBenchmarks is null ? Type.EmptyTypes : [typeof(DeviceProbes), typeof(MatrixKernels)],
        ];
        if (types.All(type => BenchmarkDotNetOptions.Benchmarks(type, ManualConfig.CreateEmpty(), forwarded).BenchmarksCases.Length == 0))
        {
            throw NoMatch(filters);
        }
    }

    private static UserErrorException NoMatch(string[] filters) =>
        new($"The filter {string.Join(' ', filters)} matches no benchmark; --list flat names them, --filter '*' takes all.");

    private static IReadOnlyList<string> Formats(ParseResult result) =>
        [.. result.Names(Options.Quantizations, DefaultFormats).Select(name => QuantizationFormat.Parse(name).Label).Distinct()];

    /// <summary>Every path of the baseline, so that the report shows that the baseline is the fastest; none where the user chose one.</summary>
    private static IReadOnlyList<string> SweptDecodePaths(ParseResult result, IBackend backend, BackendOptions options, IReadOnlyList<string> formats) =>
        !SweepChoice.HasSweeps(result) || !options.Decode.Equals("auto", StringComparison.OrdinalIgnoreCase) || !formats.Contains(RunSettings.SweptFormat)
            ? []
            : backend.DecodePathsOf(QuantizationFormat.Parse(RunSettings.SweptFormat));

    /// <summary>A run by the names of its models and formats alone.</summary>
    private static RunSettings Named(ParseResult result, IReadOnlyList<string> formats) => new()
    {
        Models = ModelChoice.Named(result),
        Formats = formats,
        Backend = "",
        Prompt = "",
        Tokens = 0,
        Temperature = 0,
        TopP = 1,
        Seed = 0,
        RecordDirectory = "",
    };

    private static RunSettings Settings(
        ParseResult result, string artifacts, string recordDirectory, Action<RunSettings> check, Action<string> notify)
    {
        var formats = Formats(result);
        var tokens = result.Int(Options.Tokens, DefaultTokens, 1, 1_000_000);
        var sampling = Sampling.From(result);
        var options = BackendChoice.Options(result);
        var backend = BackendChoice.Select(result, notify);
        var sweptDecodePaths = SweptDecodePaths(result, backend, options, formats);
        check(Named(result, formats) with
        {
            Backend = backend.Name,
            Device = options.Device,
            Decode = options.Decode,
            KernelDirectory = options.KernelDirectory,
            SweptDecodePaths = sweptDecodePaths,
        });
        var models = ModelChoice.Locate(result, artifacts, notify);
        FormatChoice.Require(backend, models, formats);
        var settings = new RunSettings
        {
            Models = models,
            Formats = formats,
            Backend = backend.Name,
            Device = options.Device,
            Decode = options.Decode,
            KernelDirectory = options.KernelDirectory,
            Prompt = result.GetValue(Options.Prompt) ?? DefaultPrompt,
            Tokens = tokens,
            Temperature = sampling.Temperature,
            TopP = sampling.TopP,
            Seed = sampling.Seed,
            SpecialTokens = result.GetValue(Options.SpecialTokens),
            QualityText = result.GetValue(Options.Quality)
                ? CaseQuality.Check(result.GetValue(Options.Text), models, result.GetValue(Options.SpecialTokens), notify)
                : null,
            RecordDirectory = recordDirectory,
            SweptDecodePaths = sweptDecodePaths,
        };
        return PromptCheck.Apply(settings, isDefaultPrompt: result.GetValue(Options.Prompt) is null, DefaultIds, notify);
    }
}
