using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Tokenization;
using GptQuantBench.Reporting.Json;
using GptQuantBench.Reporting.Markdown;

namespace GptQuantBench.Fuzz;

/// <summary>
/// A reader of files that come from outside. Any input must end in a result or in the exception that is a sentence for the user, within
/// <see cref="LongestSeconds"/> and within 64 MiB plus the input's length; anything else leaves <see cref="Run"/> as an exception.
/// </summary>
internal sealed class FuzzTarget : IDisposable
{
    /// <summary>More is a hang.</summary>
    public const double LongestSeconds = 10;

    private const long AllowedBytes = 64 << 20;

    /// <summary>Parts of an input that stands for two files.</summary>
    private const byte Separator = 0;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gptquantbench-fuzz-");
    private readonly Action<byte[]> _read;

    private FuzzTarget(string name) => _read = name switch
    {
        "safetensors" => ReadSafetensors,
        "config" => ReadConfiguration,
        "index" => ReadIndex,
        "vocabulary" => ReadVocabulary,
        "report" => ReadReport,
        _ => throw new ArgumentException($"There is no target '{name}', expected one of {string.Join(", ", Names)}.", nameof(name)),
    };

    /// <summary>A target of a test's own.</summary>
    public FuzzTarget(Action<byte[]> read) => _read = read;

    /// <summary>All targets.</summary>
    public static IReadOnlyList<string> Names { get; } = ["safetensors", "config", "index", "vocabulary", "report"];

    /// <summary>The target of a name.</summary>
    public static FuzzTarget Create(string name) => new(name);

    /// <summary>Reads one input.</summary>
    public void Run(byte[] input)
    {
        var before = GC.GetTotalAllocatedBytes();
        try
        {
            _read(input);
        }
        catch (Exception exception) when (exception is ModelFormatException or ReportFormatException)
        {
            if (exception.Message.Contains('\n', StringComparison.Ordinal) || exception.Message.Length == 0)
            {
                throw new InvalidOperationException("The message is not one sentence.", exception);
            }
        }

        // All that was allocated, and so more than was ever held at once.
        var allocated = GC.GetTotalAllocatedBytes() - before;
        if (allocated > AllowedBytes + input.Length)
        {
            throw new InvalidOperationException($"{input.Length} bytes of input made the reader allocate {allocated} bytes.");
        }
    }

    /// <inheritdoc />
    public void Dispose() => _folder.Delete(recursive: true);

    private string Write(string name, ReadOnlySpan<byte> content)
    {
        var path = Path.Combine(_folder.FullName, name);
        // A file that is cut and written again goes to the disk at once on some file systems, a new one does not.
        File.Delete(path);
        File.WriteAllBytes(path, content);
        return path;
    }

    private void ReadSafetensors(byte[] input)
    {
        using var file = SafetensorsFile.Open(Write("model.safetensors", input));
        Span<float> few = stackalloc float[16];
        foreach (var tensor in file.Tensors.Values.Where(tensor => tensor.Type != TensorType.Other))
        {
            var size = tensor.Type == TensorType.Float32 ? 4 : 2;
            var count = (int)Math.Min(few.Length, tensor.ByteLength / size);
            tensor.ReadFloats((tensor.ByteLength / size) - count, few[..count]);
        }
    }

    private void ReadConfiguration(byte[] input) => new ModelLocation
    {
        Name = "fuzz",
        WeightsFile = "",
        ConfigurationFile = Write("config.json", input),
        Origin = WeightOrigin.Real,
    }.ReadConfiguration();

    private void ReadIndex(byte[] input)
    {
        Write("model-00001-of-00002.safetensors", SmallSafetensors("a"));
        Write("model-00002-of-00002.safetensors", SmallSafetensors("b"));
        using var checkpoint = SafetensorsCheckpoint.Open(Write("model.safetensors.index.json", input));
    }

    private void ReadVocabulary(byte[] input)
    {
        var cut = Array.IndexOf(input, Separator);
        var vocabulary = Write("vocab.json", cut < 0 ? input : input.AsSpan(0, cut));
        var merges = Write("merges.txt", cut < 0 ? [] : input.AsSpan(cut + 1));
        var tokenizer = TokenizerFactory.Create(vocabulary, merges, vocabularySize: 300)!;
        var ids = tokenizer.Encode("The future of AI is", false);
        _ = tokenizer.Decode(ids);
    }

    private static void ReadReport(byte[] input)
    {
        var report = ReportJson.Parse(input, "report.json");
        _ = MarkdownReport.Of(report);
        _ = ReportJson.Parse(ReportJson.Serialize(report), "again.json");
    }

    private static byte[] SmallSafetensors(string tensor)
    {
        var header = System.Text.Encoding.UTF8.GetBytes($"{{\"{tensor}\":{{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}}}");
        return [.. BitConverter.GetBytes((ulong)header.Length), .. header, 0, 0, 0, 0];
    }
}
