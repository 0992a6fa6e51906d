using System.CommandLine;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.ConsoleArguments;
using BenchmarkDotNet.Filters;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using GptQuantBench.Benchmarks;
using GptQuantBench.Configuration;
using GptQuantBench.Evaluation;
using GptQuantBench.Exporters;
using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Quantization;
using GptQuantBench.Progress;

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
            Options.Models, Options.ModelPath, Options.Quantizations, .. Options.Machine, .. Options.Work, Options.Quality, Options.Text, Options.Smoke, Options.Version,
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
        var path = result.GetValue(Options.ModelPath);
        var names = path is null ? result.Names(Options.Models, ModelChoice.DefaultModels) : [ModelLocator.FromDirectory(path).Name];
        new RunSettings
        {
            Models = [.. names.Select(name => new ModelLocation { Name = name, WeightsFile = "", Origin = WeightOrigin.Synthetic })],
            Formats = Formats(result),
            Backend = "",
            Prompt = "",
            Tokens = 0,
            Temperature = 0,
            TopP = 1,
            Seed = 0,
            RecordDirectory = "",
        }.Publish();
        var config = ManualConfig.CreateEmpty().AddLogger(new ConsoleLogger());
        BenchmarkSwitcher.FromTypes([typeof(MainJob)]).Run(benchmarkDotNet.Arguments(result), config);
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
        var artifacts = ArtifactsDirectory.Resolve(result.GetValue(benchmarkDotNet["artifacts"])?.FirstOrDefault());
        using var records = new TemporaryDirectory("gptquantbench-records");
        var settings = Settings(result, artifacts, records.FullName, Notify);
        settings.Publish();
        RuntimeSettings.PublishToBenchmarkProcesses();

        var inProcess = result.GetResult(benchmarkDotNet["inProcess"]) is not null;
        if (!inProcess)
        {
            BenchmarkProject.MakeFindable();
        }

        var hashes = settings.Models.ToDictionary(model => model.Name, WeightsHash.Compute);
        var kept = result.GetResult(benchmarkDotNet["resume"]) is null ? [] : FinishedCases.Of(artifacts, settings, hashes);
        var iterations = result.GetValue(Options.Smoke) ? Iterations.Smoke : Iterations.For(settings.Backend);
        string[] forwarded = [.. benchmarkDotNet.Arguments(result, "filter", "inProcess", "artifacts", "resume"), "--filter", .. filters];
        BenchmarkRunInfo Plan(CaseCollector? progress, ILogger log)
        {
            var config = MainJobConfig.Create(settings, iterations, inProcess, artifacts, progress, log)
                .AddFilter(new SimpleFilter(benchmark => !kept.Any(row => row.IsCase(benchmark.ModelName(), benchmark.FormatName()))));
            return Benchmarks(config, forwarded);
        }

        var planned = Plan(progress: null, NullLogger.Instance).BenchmarksCases;
        if (planned.Length == 0 && kept.Count == 0)
        {
            throw new UserErrorException($"The filter {string.Join(' ', filters)} matches no benchmark; --list flat names them, --filter '*' takes all.");
        }

        if (kept.Count > 0)
        {
            Notify($"{kept.Count} finished cases of the earlier run are kept; {planned.Length} benchmarks remain.");
        }

        var device = BackendRegistry.Find(settings.Backend).Describe(settings.BackendOptions);
        var writer = new ReportWriter(artifacts, RunMetadataFactory.Create(startedAt, arguments, inProcess, notices, device), kept);
        var collector = new CaseCollector(planned, new CaseBuilder(settings, hashes), writer, new ConsoleProgress(planned, settings));
        using var cancellation = RunCancellation.Install(writer);
        if (planned.Length > 0)
        {
            using var log = new LogFile(artifacts);
            Measure(Plan(collector, log), collector);
        }

        writer.Close(BackendRegistry.Find(settings.Backend).Describe(settings.BackendOptions));
        return ResultPages.Write(writer, artifacts);
    }

    /// <summary>Runs all cases; whatever ends BenchmarkDotNet early, every case gets its row.</summary>
    private static void Measure(BenchmarkRunInfo run, CaseCollector collector)
    {
        try
        {
            BenchmarkRunner.Run([run]);
        }
        catch (Exception exception)
        {
            collector.FailTheRest($"BenchmarkDotNet stopped: {FailureText.Of(exception)}");
            return;
        }

        if (collector.ValidationErrors is [var error, ..])
        {
            throw new UserErrorException($"BenchmarkDotNet refuses to run: {error}");
        }

        collector.FailTheRest(
            "The benchmark process could not be built or started; the log file in the artifacts folder has the reason, and --inProcess needs no build.");
    }

    private static BenchmarkRunInfo Benchmarks(ManualConfig own, string[] forwarded)
    {
        var log = new AccumulationLogger();
        var (isParsed, parsed, _) = ConfigParser.Parse(forwarded, log, own);
        return isParsed
            ? BenchmarkConverter.TypeToBenchmarks(typeof(MainJob), ManualConfig.Union(own, parsed))
            : throw new UserErrorException($"BenchmarkDotNet does not accept its options: {log.GetLog().ReplaceLineEndings(" ").Trim()}");
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

    private static IReadOnlyList<string> Formats(ParseResult result) =>
        [.. result.Names(Options.Quantizations, DefaultFormats).Select(name => QuantizationFormat.Parse(name).Label).Distinct()];

    private static RunSettings Settings(ParseResult result, string artifacts, string recordDirectory, Action<string> notify)
    {
        var formats = Formats(result);
        var tokens = result.Int(Options.Tokens, DefaultTokens, 1, 1_000_000);
        var sampling = Sampling.From(result);
        var options = BackendChoice.Options(result);
        var backend = BackendChoice.Select(result, notify);
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
        };
        return PromptCheck.Apply(settings, isDefaultPrompt: result.GetValue(Options.Prompt) is null, DefaultIds, notify);
    }
}
