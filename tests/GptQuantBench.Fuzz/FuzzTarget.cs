using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Tokenization;
using GptQuantBench.Reporting.Comparison;
using GptQuantBench.Reporting.Export;
using GptQuantBench.Reporting.Html;
using GptQuantBench.Reporting.Json;
using GptQuantBench.Reporting.Markdown;
using GptQuantBench.Reporting.Merging;
using GptQuantBench.Reporting.Terminal;
using Spectre.Console;

namespace GptQuantBench.Fuzz;

/// <summary>
/// A reader of files that come from outside. Any input must end in a result or in the exception that is a sentence for the user, within
/// <see cref="LongestSeconds"/>; reading it must allocate no more than 64 MiB plus the input's length. Anything else leaves
/// <see cref="Run"/> as an exception.
/// </summary>
internal sealed class FuzzTarget : IDisposable
{
    /// <summary>Tests that must not run beside each other, since what a reader allocates is measured over the whole process.</summary>
    public const string Collection = "one at a time";

    /// <summary>More is a hang.</summary>
    public const double LongestSeconds = 10;

    private const long AllowedBytes = 64 << 20;

    /// <summary>Parts of an input that stands for two files.</summary>
    private const byte Separator = 0;

    private static readonly IAnsiConsole _console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(TextWriter.Null) });

    // Thousands of small files a second are a burden for a disk.
    private readonly DirectoryInfo _folder = Directory.Exists("/dev/shm")
        ? Directory.CreateDirectory($"/dev/shm/gptquantbench-fuzz-{Guid.NewGuid():N}")
        : Directory.CreateTempSubdirectory("gptquantbench-fuzz-");

    private readonly Func<byte[], Action> _read;

    private FuzzTarget(string name) => _read = name switch
    {
        "safetensors" => ReadSafetensors,
        "config" => ReadConfiguration,
        "index" => ReadIndex,
        "vocabulary" => input => ReadVocabulary(input, vocabularySize: 300),
        LargeVocabulary => input => ReadVocabulary(input, vocabularySize: 1 << 17),
        "report" => ReadReport,
        "comparison" => ReadComparison,
        _ => throw new ArgumentException($"There is no target '{name}', expected one of {string.Join(", ", Names)}.", nameof(name)),
    };

    /// <summary>A target of a test's own: a reader that returns what is done with the result.</summary>
    public FuzzTarget(Func<byte[], Action> read) => _read = read;

    /// <summary>The vocabulary reader for the largest model that there may be; too slow for a fuzzer.</summary>
    public const string LargeVocabulary = "large vocabulary";

    /// <summary>All targets.</summary>
    public static IReadOnlyList<string> Names { get; } = ["safetensors", "config", "index", "vocabulary", "report", "comparison"];

    /// <summary>The target of a name.</summary>
    public static FuzzTarget Create(string name) => new(name);

    /// <summary>Bytes that reading the costliest input so far allocated.</summary>
    public long MostAllocated { get; private set; }

    /// <summary>Reads one input, and uses what was read; returns the sentence that refused it, or null.</summary>
    public string? Run(byte[] input)
    {
        var before = GC.GetTotalAllocatedBytes(precise: true);
        Action? use = null;
        var message = MessageOf(() => use = _read(input));
        // All that was allocated, and so more than was ever held at once.
        var allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
        MostAllocated = Math.Max(MostAllocated, allocated);
        if (allocated > AllowedBytes + input.Length)
        {
            throw new InvalidOperationException($"{input.Length} bytes of input made the reader allocate {allocated} bytes: {message ?? "it took them"}.");
        }

        return use is null ? message : MessageOf(use);
    }

    /// <inheritdoc />
    public void Dispose() => _folder.Delete(recursive: true);

    private static string? MessageOf(Action action)
    {
        try
        {
            action();
            return null;
        }
        catch (Exception exception) when (exception is ModelFormatException or ReportFormatException)
        {
            return exception.Message.Length > 0 && !exception.Message.Contains('\n', StringComparison.Ordinal)
                ? exception.Message
                : throw new InvalidOperationException("The message is not one sentence.", exception);
        }
    }

    private static void Nothing()
    {
    }

    private string Write(string name, ReadOnlySpan<byte> content)
    {
        var path = Path.Combine(_folder.FullName, name);
        // A file that is cut and written again goes to the disk at once on some file systems, a new one does not.
        File.Delete(path);
        File.WriteAllBytes(path, content);
        return path;
    }

    private Action ReadSafetensors(byte[] input)
    {
        using var file = SafetensorsFile.Open(Write("model.safetensors", input));
        Span<float> few = stackalloc float[16];
        foreach (var tensor in file.Tensors.Values.Where(tensor => tensor.Type != TensorType.Other))
        {
            var size = tensor.Type == TensorType.Float32 ? 4 : 2;
            var count = (int)Math.Min(few.Length, tensor.ByteLength / size);
            tensor.ReadFloats((tensor.ByteLength / size) - count, few[..count]);
        }

        return Nothing;
    }

    private Action ReadConfiguration(byte[] input)
    {
        new ModelLocation { Name = "fuzz", WeightsFile = "", ConfigurationFile = Write("config.json", input), Origin = WeightOrigin.Real }.ReadConfiguration();
        return Nothing;
    }

    private Action ReadIndex(byte[] input)
    {
        if (_folder.GetFiles("*.safetensors").Length == 0)
        {
            Write("model-00001-of-00002.safetensors", SmallSafetensors("a"));
            Write("model-00002-of-00002.safetensors", SmallSafetensors("b"));
        }

        using var checkpoint = SafetensorsCheckpoint.Open(Write("model.safetensors.index.json", input));
        return Nothing;
    }

    private Action ReadVocabulary(byte[] input, int vocabularySize)
    {
        var cut = Array.IndexOf(input, Separator);
        var vocabulary = Write("vocab.json", cut < 0 ? input : input.AsSpan(0, cut));
        var merges = Write("merges.txt", cut < 0 ? [] : input.AsSpan(cut + 1));
        var tokenizer = TokenizerFactory.Create(vocabulary, merges, vocabularySize)!;
        return () => _ = tokenizer.Decode(tokenizer.Encode("The future of AI is", false));
    }

    /// <summary>Charts take too long for a fuzzer, and are guarded where they are drawn.</summary>
    private Action ReadReport(byte[] input)
    {
        var report = ReportFile.Read(Write("report.json", input));
        return () =>
        {
            _ = ReportJson.Parse(ReportJson.Serialize(report), "again.json");
            _ = MarkdownReport.Of(report);
            _ = HtmlReport.Of(report, [], [], warning => throw new InvalidOperationException(warning));
            ConsoleReport.Write(_console, report);
            _ = ReportMerger.Merge([("a.json", report)]);
            _ = ComparisonMarkdown.Of(ReportComparer.Compare(report, report, new ComparisonOptions()));
            foreach (var format in ReportExports.Formats)
            {
                _ = ReportExports.Of(report, format);
            }
        };
    }

    private Action ReadComparison(byte[] input)
    {
        var comparison = ComparisonJson.Read(Write("comparison.json", input));
        return () =>
        {
            _ = new NoiseFloor([comparison]).Of("load_time_sec", "gpt2", "FP16");
            _ = ComparisonMarkdown.Of(comparison);
        };
    }

    private static byte[] SmallSafetensors(string tensor)
    {
        var header = System.Text.Encoding.UTF8.GetBytes($"{{\"{tensor}\":{{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}}}");
        return [.. BitConverter.GetBytes((ulong)header.Length), .. header, 0, 0, 0, 0];
    }
}
