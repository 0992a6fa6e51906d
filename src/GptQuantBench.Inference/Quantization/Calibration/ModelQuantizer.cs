using System.Numerics.Tensors;
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
    /// <summary>Tokens of a calibration text that are used at most, in whole sequences spread over it: time and memory grow with them.</summary>
    private const int MostTokens = 1 << 17;

    /// <summary>Quantises and writes config.json, model.safetensors and the vocabulary's files.</summary>
    /// <param name="model">The model, its weights stored as floats.</param>
    /// <param name="format">The format; one with <c>+gptq</c> is calibrated.</param>
    /// <param name="calibration">Token ids and hash of the calibration text; null for formats that need none.</param>
    /// <param name="folder">Where; made if it is not there.</param>
    /// <param name="progress">Called with finished matrices and their number.</param>
    /// <exception cref="ModelFormatException">A weight is wrong, the weights are synthetic, the calibration text is missing or too short, or the folder cannot be written.</exception>
    public static void Quantize(
        OpenedModel model, QuantizationFormat format, (int[] Ids, string Sha256)? calibration, string folder, Action<int, int>? progress = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(format);
        if (model.Configuration.Quantization is { } already)
        {
            throw new ModelFormatException($"{model.Location.Name} is quantised already, as {already.Format.Name}; quantise the model that it was made from.");
        }

        if (model.Location.ConfigurationFile is null)
        {
            throw new ModelFormatException(
                $"{model.Location.Name} has synthetic weights, expected trained ones; quantising is for checkpoints that are used.");
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
            float[] Round(WeightSpec spec, float[] target, Func<IInputMoments>? moments)
            {
                QuantizationFormat own = format.Of(spec);
                PackedMatrix matrix = new(ledger, new PackedLayout(own, spec.OutputCount, spec.InputCount));
                packed.Add(spec.Name, matrix);
                string source = Source(model, spec);
                if (own.Search == ScaleSearch.Compensated)
                {
                    new CompensatedRounding(own, moments!()).Round(target, matrix, source);
                }
                else
                {
                    Parallel.For(0, spec.OutputCount, row => matrix.SetRow(row, target.AsSpan(row * spec.InputCount, spec.InputCount), source));
                }

                progress?.Invoke(packed.Count, matrices.Length);
                float[] rounded = new float[target.Length];
                matrix.Dequantize(rounded);
                return rounded;
            }

            IReadOnlyDictionary<string, float[]> biases = new Dictionary<string, float[]>();
            if (calibration is { } text)
            {
                biases = CalibrationPasses.For(model.Configuration, weights).Run(Windows(text.Ids, model.Configuration.ContextLength), Round);
            }
            else
            {
                Array.ForEach(matrices, spec => Round(spec, weights(spec.Name), null));
            }

            StoredQuantization stored = new(format, WeightsHash.Compute(model.Location), calibration?.Sha256);
            QuantizedWeights.Write(model, packed, biases, stored.Format, folder);
            QuantizedFolder.WriteSmallFiles(model.Location, model.Location.ConfigurationFile, stored, folder);
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
            if (!TensorPrimitives.IsFiniteAll<float>(stored))
            {
                throw new ModelFormatException($"{Source(model, spec)} holds NaN or infinity, where finite weights are expected; use an undamaged file.");
            }

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

    private static string Source(OpenedModel model, WeightSpec spec) => $"Tensor '{model.Weight(spec).Name}' of {model.Weight(spec).File}";

    /// <summary>Sequences as long as the model's context, so that every position is seen.</summary>
    private static List<int[]> Windows(int[] ids, int contextLength)
    {
        int[][] all = [.. ids.Chunk(contextLength).Where(part => part.Length == contextLength)];
        int count = Math.Min(all.Length, Math.Max(1, MostTokens / contextLength));
        return count > 0
            ? [.. Enumerable.Range(0, count).Select(i => all[(int)((long)i * all.Length / count)])]
            : throw new ModelFormatException($"The calibration text has {ids.Length} tokens, expected at least {contextLength}; give a longer text.");
    }
}
