using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Quantization.Calibration;

/// <summary>
/// Quantises a model once and writes it as a checkpoint of packed matrices (<see cref="StoredMatrix"/>) that loads without any
/// quantisation, byte for byte what was found here.
/// </summary>
public static class ModelQuantizer
{
    /// <summary>Tokens of a calibration sequence at most.</summary>
    private const int LongestWindow = 512;

    /// <summary>Quantises and writes config.json, model.safetensors and the vocabulary's files.</summary>
    /// <param name="model">The model, its weights stored as floats.</param>
    /// <param name="format">The format; one with <c>+gptq</c> is calibrated.</param>
    /// <param name="calibration">Token ids and hash of the calibration text; null for formats that need none.</param>
    /// <param name="folder">Where; made if it is not there.</param>
    /// <param name="progress">Called with finished matrices and their number.</param>
    /// <exception cref="ModelFormatException">A weight is wrong, the calibration text is missing or too short, or the folder cannot be written.</exception>
    public static void Quantize(
        OpenedModel model, QuantizationFormat format, (int[] Ids, string Sha256)? calibration, string folder, Action<int, int>? progress = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(format);
        if (model.Configuration.Quantization is { } already)
        {
            throw new ModelFormatException($"{model.Location.Name} is quantised already, as {already.Format.Name}; quantise the model that it was made from.");
        }

        bool isCalibrated = format.Search == ScaleSearch.Compensated;
        if (isCalibrated != calibration is not null)
        {
            throw new ModelFormatException(isCalibrated
                ? $"{format.Name} needs a calibration text; name a UTF-8 text file that the model will not be judged by."
                : $"{format.Name} uses no calibration text; choose {(format with { Search = ScaleSearch.Compensated }).Name}, or leave the text out.");
        }

        IReadOnlyList<WeightSpec> specs = model.Architecture.Weights(model.Configuration);
        Dictionary<string, PackedMatrix> packed = [];
        MemoryLedger ledger = new();
        try
        {
            WeightSpec[] matrices = [.. specs.Where(spec => spec.Role is WeightRole.Matrix or WeightRole.TokenEmbedding)];
            Func<string, float[]> weights = Reader(model, specs);
            float[] Round(WeightSpec spec, SecondMoments? moments)
            {
                QuantizationFormat own = format.Of(spec);
                PackedMatrix matrix = new(ledger, new PackedLayout(own, spec.OutputCount, spec.InputCount));
                packed.Add(spec.Name, matrix);
                float[] values = weights(spec.Name);
                string source = $"Tensor '{model.Weight(spec).Name}' of {model.Weight(spec).File}";
                if (own.Search == ScaleSearch.Compensated)
                {
                    new CompensatedRounding(own, moments!).Round(values, matrix, source);
                }
                else
                {
                    Parallel.For(0, spec.OutputCount, row => matrix.SetRow(row, values.AsSpan(row * spec.InputCount, spec.InputCount), source));
                }

                progress?.Invoke(packed.Count, matrices.Length);
                float[] rounded = new float[values.Length];
                matrix.Dequantize(rounded);
                return rounded;
            }

            if (calibration is { } text)
            {
                CalibrationPasses.For(model.Configuration, weights).Run(Windows(text.Ids, model.Configuration.ContextLength), Round);
            }
            else
            {
                Array.ForEach(matrices, spec => Round(spec, null));
            }

            StoredQuantization stored = new(format, WeightsHash.Compute(model.Location), calibration?.Sha256);
            Write(model, specs, packed, stored, folder);
        }
        catch (AggregateException e) when (e.InnerExceptions.OfType<ModelFormatException>().FirstOrDefault() is { } first)
        {
            throw new ModelFormatException(first.Message, e);
        }
        finally
        {
            foreach (PackedMatrix matrix in packed.Values)
            {
                matrix.Dispose();
            }
        }
    }

    /// <summary>Values by canonical name, matrices [out, in].</summary>
    private static Func<string, float[]> Reader(OpenedModel model, IReadOnlyList<WeightSpec> specs)
    {
        Dictionary<string, WeightSpec> byName = specs.ToDictionary(spec => spec.Name);
        Dictionary<string, float[]> kept = [];
        return name =>
        {
            if (kept.TryGetValue(name, out float[]? values))
            {
                return values;
            }

            WeightSpec spec = byName[name];
            float[] stored = new float[spec.Count];
            model.Weight(spec).ReadFloats(0, stored);
            values = stored;
            if (spec.IsInputMajor)
            {
                values = new float[spec.Count];
                for (int i = 0; i < stored.Length; i++)
                {
                    values[(i % spec.Columns * spec.Rows) + (i / spec.Columns)] = stored[i];
                }
            }

            kept.Add(name, values);
            return values;
        };
    }

    private static List<int[]> Windows(int[] ids, int contextLength)
    {
        int window = Math.Min(LongestWindow, contextLength);
        return ids.Length >= window
            ? [.. ids.Chunk(window).Where(part => part.Length == window)]
            : throw new ModelFormatException($"The calibration text has {ids.Length} tokens, expected at least {window}; give a longer text.");
    }

    private static unsafe void Write(
        OpenedModel model, IReadOnlyList<WeightSpec> specs, Dictionary<string, PackedMatrix> packed, StoredQuantization stored, string folder)
    {
        List<(string Name, string TypeName, long[] Shape)> tensors = [];
        foreach (WeightSpec spec in specs)
        {
            if (packed.TryGetValue(spec.Name, out PackedMatrix? matrix))
            {
                tensors.AddRange(StoredMatrix.Tensors(spec.Name, matrix.Layout));
            }
            else
            {
                CheckpointTensor tensor = model.Weight(spec);
                tensors.Add((spec.Name, tensor.TypeName, [.. tensor.Shape]));
            }
        }

        SafetensorsLayout layout = new(tensors, new Dictionary<string, string> { ["format"] = stored.Format.Name });
        using SafetensorsWriter writer = new(Path.Combine(folder, SafetensorsCheckpoint.SingleFileName), layout);
        Dictionary<string, SafetensorsEntry> entries = layout.Entries.ToDictionary(entry => entry.Name);
        foreach (WeightSpec spec in specs)
        {
            if (packed.TryGetValue(spec.Name, out PackedMatrix? matrix))
            {
                string[] names = [.. StoredMatrix.Tensors(spec.Name, matrix.Layout).Select(part => part.Name)];
                writer.Write(entries[names[0]], 0, matrix.Codes);
                writer.Write(entries[names[1]], 0, matrix.Scales);
                if (names.Length > 2)
                {
                    writer.Write(entries[names[2]], 0, matrix.Minima);
                }
            }
            else
            {
                CheckpointTensor tensor = model.Weight(spec);
                writer.Write(entries[spec.Name], 0, new ReadOnlySpan<byte>(tensor.Data, checked((int)tensor.ByteLength)));
            }
        }

        writer.Commit();
        QuantizedFolder.WriteSmallFiles(model.Location, stored, folder);
    }
}
