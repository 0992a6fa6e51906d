using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Tests.Backends;

/// <summary>
/// GPT-2 in plain FP64 loops over the weights that a format leaves: no cache, no blocks, no vectors. Keys and values are rounded to FP16,
/// which is what caches hold.
/// </summary>
internal sealed class ReferenceGpt2
{
    private readonly ModelConfiguration _configuration;

    // Matrices as [out, in], by name.
    private readonly Dictionary<string, float[]> _weights = [];

    public ReferenceGpt2(OpenedModel model, QuantizationFormat format)
    {
        _configuration = model.Configuration;
        foreach (WeightSpec spec in model.Architecture.Weights(_configuration))
        {
            float[] stored = new float[spec.Count];
            model.Weight(spec).ReadFloats(0, stored);
            _weights[spec.Name] = spec.IsVector ? stored : RoundTrip(spec, stored, format);
        }
    }

    /// <summary>The logits of all positions: [positions, vocabulary].</summary>
    public float[] Logits(int[] ids)
    {
        int width = _configuration.EmbeddingSize;
        double[][] x = [.. ids.Select((id, position) => Enumerable.Range(0, width)
            .Select(i => (double)_weights["wte.weight"][(id * width) + i] + _weights["wpe.weight"][(position * width) + i]).ToArray())];
        for (int layer = 0; layer < _configuration.LayerCount; layer++)
        {
            string block = $"h.{layer}.";
            double[][] qkv = [.. x.Select(row => Linear(Norm(row, block + "ln_1"), block + "attn.c_attn", 3 * width)
                .Select((value, i) => i < width ? value : (double)(Half)value).ToArray())];
            for (int position = 0; position < x.Length; position++)
            {
                Add(x[position], Linear(Attend(qkv, position), block + "attn.c_proj", width));
                double[] inner = Linear(Norm(x[position], block + "ln_2"), block + "mlp.c_fc", _configuration.InnerSize);
                Add(x[position], Linear([.. inner.Select(Gelu)], block + "mlp.c_proj", width));
            }
        }

        return [.. x.SelectMany(row => Multiply(Norm(row, "ln_f"), _weights["wte.weight"], _configuration.VocabularySize))
            .Select(logit => (float)logit)];
    }

    private static float[] RoundTrip(WeightSpec spec, float[] stored, QuantizationFormat format)
    {
        int rows = spec.OutputCount, columns = spec.InputCount;
        float[] values = stored;
        if (spec.IsInputMajor)
        {
            values = [.. Enumerable.Range(0, stored.Length).Select(i => stored[(i % columns * rows) + (i / columns)])];
        }

        QuantizationFormat own = spec.Role == WeightRole.PositionEmbedding ? QuantizationFormat.Fp16 : format;
        using PackedMatrix matrix = PackedMatrix.Quantize(new MemoryLedger(), own, rows, columns, values, spec.Name);
        float[] unpacked = new float[values.Length];
        matrix.Dequantize(unpacked);
        return unpacked;
    }

    private static void Add(double[] x, double[] y)
    {
        for (int i = 0; i < x.Length; i++)
        {
            x[i] += y[i];
        }
    }

    private static double Gelu(double v) => 0.5 * v * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (v + (0.044715 * v * v * v))));

    private static double[] Multiply(double[] x, float[] matrix, int rows)
    {
        return [.. Enumerable.Range(0, rows).Select(row =>
        {
            double sum = 0;
            for (int i = 0; i < x.Length; i++)
            {
                sum += matrix[(row * x.Length) + i] * x[i];
            }

            return sum;
        })];
    }

    private double[] Linear(double[] x, string name, int rows)
    {
        float[] bias = _weights[name + ".bias"];
        return [.. Multiply(x, _weights[name + ".weight"], rows).Select((value, i) => value + bias[i])];
    }

    private double[] Norm(double[] x, string name)
    {
        double mean = x.Average();
        double variance = x.Average(value => (value - mean) * (value - mean));
        float[] gain = _weights[name + ".weight"], bias = _weights[name + ".bias"];
        return [.. x.Select((value, i) => ((value - mean) / Math.Sqrt(variance + _configuration.LayerNormEpsilon) * gain[i]) + bias[i])];
    }

    private double[] Attend(double[][] qkv, int position)
    {
        int size = _configuration.HeadSize, width = _configuration.EmbeddingSize;
        double[] output = new double[width];
        for (int head = 0; head < _configuration.HeadCount; head++)
        {
            int start = head * size;
            double[] scores = [.. Enumerable.Range(0, position + 1).Select(seen => Enumerable.Range(start, size)
                .Sum(i => qkv[position][i] * qkv[seen][width + i]) / Math.Sqrt(size))];
            double sum = scores.Sum(score => Math.Exp(score - scores.Max()));
            for (int seen = 0; seen <= position; seen++)
            {
                double weight = Math.Exp(scores[seen] - scores.Max()) / sum;
                for (int i = start; i < start + size; i++)
                {
                    output[i] += weight * qkv[seen][(2 * width) + i];
                }
            }
        }

        return output;
    }
}
