using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Backends.Cpu;
using GptQuantBench.Inference.Backends.Cuda;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Gpu.Tests.Backends;

/// <summary>Models to load: the trained fixture, and made-up ones of any shape.</summary>
internal static class TestModels
{
    private static readonly string _folder = Directory.CreateTempSubdirectory("gptquantbench-gpu-").FullName;

    static TestModels() => AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(_folder, recursive: true);

    /// <summary>Shapes that are awkward in different ways: odd heads, widths that no vector divides, n_inner that is not 4 × n_embd.</summary>
    public static TheoryData<string> Shapes => ["odd", "narrow", "wide-heads", "gpt2-slice", "xl-slice"];

    /// <summary>Labels of all formats.</summary>
    public static TheoryData<string> Formats => [.. QuantizationFormat.All.Select(format => format.Name)];

    /// <summary>The trained model; skips or fails where there is no GPU.</summary>
    public static OpenedModel Nano()
    {
        Gpu.Require();
        return OpenedModel.Open(ModelLocator.FromDirectory(Path.Combine(Fixtures.Root, "gpt2-nano")));
    }

    /// <summary>A made-up model of one of the <see cref="Shapes"/>.</summary>
    public static OpenedModel Synthetic(string shape) => Synthetic(shape switch
    {
        "odd" => Configuration(layers: 2, heads: 3, width: 39, inner: 70, context: 200, vocabulary: 101),
        "narrow" => Configuration(layers: 1, heads: 1, width: 4, inner: 16, context: 32, vocabulary: 11),
        "wide-heads" => Configuration(layers: 2, heads: 2, width: 200, inner: 333, context: 300, vocabulary: 1000),
        "gpt2-slice" => Configuration(layers: 2, heads: 12, width: 768, inner: 3072, context: 1024, vocabulary: 5000),
        "xl-slice" => Configuration(layers: 2, heads: 25, width: 1600, inner: 6400, context: 1024, vocabulary: 3001),
        "small-heads" => Configuration(layers: 2, heads: 6, width: 192, inner: 772, context: 1024, vocabulary: 3001),
        "big-heads" => Configuration(layers: 2, heads: 4, width: 512, inner: 2048, context: 1024, vocabulary: 5001),
        _ => throw new ArgumentOutOfRangeException(nameof(shape), shape, "There is no such shape."),
    });

    /// <summary>A made-up model; written only where a GPU will load it.</summary>
    public static OpenedModel Synthetic(ModelConfiguration configuration)
    {
        Gpu.Require();
        string file = Path.Combine(_folder, $"{configuration.LayerCount}-{configuration.HeadCount}-{configuration.EmbeddingSize}-{configuration.InnerSize}-{configuration.VocabularySize}.safetensors");
        SyntheticCheckpoint.Ensure(configuration, 1, file);
        return OpenedModel.Open(new ModelLocation
        {
            Name = "made-up",
            WeightsFile = file,
            Configuration = configuration,
            Origin = WeightOrigin.Synthetic,
        });
    }

    /// <summary>The model on the GPU; skips or fails where there is none.</summary>
    public static CudaLanguageModel OnCuda(OpenedModel model, QuantizationFormat format, string decode = "auto")
    {
        Gpu.Require();
        return (CudaLanguageModel)new CudaBackend().Load(model, format, new BackendOptions(Decode: decode));
    }

    /// <summary>The model on the CPU.</summary>
    public static ILanguageModel OnCpu(OpenedModel model, QuantizationFormat format) =>
        new CpuBackend().Load(model, format, new BackendOptions(Decode: "float"));

    /// <summary>Logits of all positions, [ids, vocabulary].</summary>
    public static float[] Logits(ILanguageModel model, ReadOnlySpan<int> ids)
    {
        using IDecodingSession session = model.CreateSession(ids.Length);
        return Logits(session, ids, model.Configuration.VocabularySize);
    }

    /// <summary>Logits of the ids that are appended, [ids, vocabulary].</summary>
    public static float[] Logits(IDecodingSession session, ReadOnlySpan<int> ids, int vocabulary)
    {
        float[] all = new float[ids.Length * vocabulary];
        int start = session.Position;
        session.ComputeLogits(ids, (first, count, logits) => logits.CopyTo(all.AsSpan((first - start) * vocabulary, count * vocabulary)));
        return all;
    }

    /// <summary>Random ids.</summary>
    public static int[] Ids(int count, int vocabulary)
    {
        Random random = new(count);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(vocabulary))];
    }

    private static ModelConfiguration Configuration(int layers, int heads, int width, int inner, int context, int vocabulary) => new()
    {
        Architecture = "gpt2",
        LayerCount = layers,
        HeadCount = heads,
        EmbeddingSize = width,
        InnerSize = inner,
        ContextLength = context,
        VocabularySize = vocabulary,
        LayerNormEpsilon = 1e-5f,
    };
}
