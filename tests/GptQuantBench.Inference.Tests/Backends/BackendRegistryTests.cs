using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;
using GptQuantBench.Inference.Sampling;

namespace GptQuantBench.Inference.Tests.Backends;

public class BackendRegistryTests
{
    [Theory]
    [InlineData("cpu")]
    [InlineData("CPU")]
    public void The_cpu_can_always_be_asked_for(string name)
    {
        BackendSelection selection = BackendRegistry.Select(name, new BackendOptions());
        Assert.Equal("cpu", selection.Backend?.Name);
        Assert.Contains("cores", selection.Device, StringComparison.Ordinal);
        Assert.Null(selection.Notice);
        Assert.Null(selection.Error);
    }

    [Fact]
    public void Auto_takes_the_first_that_can_run_and_says_so_in_one_line()
    {
        BackendSelection selection = BackendRegistry.Select("auto", new BackendOptions());
        IBackend first = BackendRegistry.All.First(backend => backend.Probe(new BackendOptions()).IsAvailable);
        Assert.Same(first, selection.Backend);
        Assert.StartsWith($"Backend {first.Name} on ", selection.Notice, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', selection.Notice!);
    }

    /// <summary>Every format runs on every backend, or is refused by its name with what to take instead.</summary>
    [Fact]
    public void A_format_that_a_backend_cannot_run_is_refused_by_name()
    {
        foreach (QuantizationFormat format in QuantizationFormat.Loadable)
        {
            Assert.Null(BackendRegistry.Find("cpu").Refusal(format));
            string? refusal = BackendRegistry.Find("cuda").Refusal(format);
            Assert.Equal(format.HasEightBitHead, refusal is not null);
            Assert.True(refusal is null || (refusal.Contains(format.Name, StringComparison.Ordinal)
                && refusal.Contains($"choose {format.Name.Replace("+head8", "", StringComparison.Ordinal)},", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public void An_unknown_backend_is_an_error_that_names_the_choices()
    {
        BackendSelection selection = BackendRegistry.Select("tpu", new BackendOptions());
        Assert.Null(selection.Backend);
        Assert.Contains("'tpu'", selection.Error, StringComparison.Ordinal);
        Assert.Contains("cpu", selection.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_decode_path_that_the_cpu_does_not_have_is_an_error()
    {
        BackendSelection selection = BackendRegistry.Select("cpu", new BackendOptions(Decode: "graph"));
        Assert.Null(selection.Backend);
        Assert.Contains("'graph'", selection.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("auto", "FP16", "-float")]
    [InlineData("float", "4-bit", "-float")]
    [InlineData("float", "FP16", "-float")]
    [InlineData("integer", "4-bit", "-integer")]
    [InlineData("integer", "int8-g32-sym", "-integer")]
    public void The_cpus_decode_paths_run_by_name(string decode, string format, string ending)
    {
        using OpenedModel opened = OpenedModel.Open(ModelLocator.FromDirectory(Fixtures.Gpt2Nano));
        BackendOptions options = new(Decode: decode);
        using ILanguageModel model = BackendRegistry.Select("cpu", options).Backend!.Load(opened, QuantizationFormat.Parse(format), options);
        Assert.EndsWith(ending, model.Decode, StringComparison.Ordinal);
    }

    [Fact]
    public void Integer_products_of_fp16_are_an_error()
    {
        using OpenedModel opened = OpenedModel.Open(ModelLocator.FromDirectory(Fixtures.Gpt2Nano));
        BackendOptions options = new(Decode: "integer");
        IBackend backend = BackendRegistry.Select("cpu", options).Backend!;
        ModelFormatException exception = Assert.Throws<ModelFormatException>(() => backend.Load(opened, QuantizationFormat.Fp16, options));
        Assert.Contains("'integer'", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_cpu_is_the_last_resort()
    {
        Assert.Equal("cpu", BackendRegistry.All[^1].Name);
    }

    [Fact]
    public void A_model_loaded_through_the_registry_generates_and_gives_all_memory_back()
    {
        IBackend backend = BackendRegistry.Select("cpu", new BackendOptions()).Backend!;
        using OpenedModel opened = OpenedModel.Open(ModelLocator.FromDirectory(Fixtures.Gpt2Nano));
        ILanguageModel model = backend.Load(opened, QuantizationFormat.FourBit, new BackendOptions());
        Assert.Contains(model.Decode, Kernels.Names.SelectMany(name => new[] { name + "-integer", name + "-float" }));
        IDecodingSession session = model.CreateSession(16);
        int[] ids = new int[3];
        session.Generate([464, 2003, 286, 9552, 318], ids, SamplingOptions.Greedy);
        Assert.All(ids, id => Assert.InRange(id, 0, 50256));
        session.Dispose();
        model.Dispose();
        Assert.Equal(0, model.Memory.TotalBytes);
        Assert.Throws<ModelFormatException>(() => backend.Load(opened, QuantizationFormat.Fp16, new BackendOptions(Decode: "persistent")));
    }
}
