using System.Globalization;
using System.Runtime.InteropServices;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Checkpoints;

/// <summary>
/// Makes weights up, where nobody has the real ones: the exact tensors of a model in F32, with the distributions of an untrained
/// model (<see cref="IModelArchitecture.InitialValues"/>), the same bytes for the same seed on every machine.
/// </summary>
public static class SyntheticCheckpoint
{
    /// <summary>Changes whenever the values do, so that a file of an older version is not taken for a new one.</summary>
    private const string Generator = "GptQuantBench synthetic weights 1";

    private const int BlockElements = 1 << 18;

    /// <summary>Writes the weights of a synthetic location unless they are there; does nothing for real weights.</summary>
    /// <exception cref="ModelFormatException">The folder cannot be written to, or its disk has too little space.</exception>
    public static void Ensure(ModelLocation location)
    {
        if (location.Origin == WeightOrigin.Synthetic)
        {
            Ensure(location.ReadConfiguration(), location.SyntheticSeed ?? 0, location.WeightsFile);
        }
    }

    /// <summary>
    /// Writes the weights of a configuration unless the file is there already: its length and header, which names the seed and the
    /// generator, must be what this method would write. All cores write; the file gets its name when it is complete.
    /// </summary>
    /// <returns>True where the file was written, false where it was there.</returns>
    /// <exception cref="ModelFormatException">The folder cannot be written to, or its disk has too little space.</exception>
    public static bool Ensure(ModelConfiguration configuration, ulong seed, string path) =>
        Ensure(configuration, seed, path, Environment.ProcessorCount);

    internal static bool Ensure(ModelConfiguration configuration, ulong seed, string path, int threads)
    {
        IModelArchitecture architecture = ModelArchitectures.Of(configuration);
        IReadOnlyList<WeightSpec> specs = architecture.Weights(configuration);
        var layout = new SafetensorsLayout(
            [.. specs.Select(spec => (spec.Name, "F32", spec.IsVector ? new long[] { spec.Rows } : [spec.Rows, spec.Columns]))],
            new Dictionary<string, string>
            {
                ["format"] = "pt",
                ["generator"] = Generator,
                ["seed"] = seed.ToString(CultureInfo.InvariantCulture),
            });
        if (IsThere(path, layout))
        {
            return false;
        }

        using var writer = new SafetensorsWriter(path, layout);
        try
        {
            Parallel.ForEach(
                Blocks(specs),
                new ParallelOptions { MaxDegreeOfParallelism = threads },
                () => new float[BlockElements],
                (block, _, buffer) =>
                {
                    WeightSpec spec = specs[block.Tensor];
                    Span<float> values = buffer.AsSpan(0, block.Count);
                    WeightDistribution distribution = architecture.InitialValues(spec, configuration);
                    SyntheticValues.Fill(SyntheticValues.Key(seed, block.Tensor), (uint)block.First, values, distribution);
                    writer.Write(layout.Entries[block.Tensor], sizeof(float) * block.First, MemoryMarshal.AsBytes(values));
                    return buffer;
                },
                _ => { });
        }
        catch (AggregateException e) when (e.InnerExceptions.OfType<ModelFormatException>().FirstOrDefault() is { } first)
        {
            throw new ModelFormatException(first.Message, e);
        }

        writer.Commit();
        return true;
    }

    private static IEnumerable<(int Tensor, long First, int Count)> Blocks(IReadOnlyList<WeightSpec> specs)
    {
        for (int tensor = 0; tensor < specs.Count; tensor++)
        {
            long count = specs[tensor].Count;
            for (long first = 0; first < count; first += BlockElements)
            {
                yield return (tensor, first, (int)Math.Min(BlockElements, count - first));
            }
        }
    }

    private static bool IsThere(string path, SafetensorsLayout layout)
    {
        if (!File.Exists(path))
        {
            return false;
        }

        using FileStream stream = ModelFiles.OpenRead(path);
        byte[] header = new byte[layout.Header.Length];
        return stream.Length == layout.FileLength
            && stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) == header.Length
            && header.AsSpan().SequenceEqual(layout.Header);
    }
}
