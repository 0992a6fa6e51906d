using System.Numerics.Tensors;
using GptQuantBench.Inference.Backends.Cpu;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Quantization.Calibration;

/// <summary>
/// GPT-2 in plain FP32. The tied embedding is rounded first, for the outputs of the unrounded model's last norm: everything behind it
/// then sees the embedding as it will be.
/// </summary>
/// <param name="configuration">The sizes.</param>
/// <param name="weights">The values of a weight by its canonical name, matrices [out, in].</param>
internal sealed class Gpt2CalibrationPass(ModelConfiguration configuration, Func<string, float[]> weights) : ICalibrationPass
{
    // The table is the model's input too, where an error in each column weighs alike. On the last 80 KB of the calibration text, with
    // gpt2-nano, 0.01, 0.3 and 2 cost 3.1, 2.6 and 3.2 % of perplexity.
    private const double EmbeddingDampening = 0.3;

    private readonly int _width = configuration.EmbeddingSize;
    private readonly Dictionary<string, WeightSpec> _specs = new Gpt2Architecture().Weights(configuration).ToDictionary(spec => spec.Name);

    /// <inheritdoc />
    public void Run(IReadOnlyList<int[]> windows, Func<WeightSpec, SecondMoments, float[]> round)
    {
        const string embedding = "wte.weight";
        SecondMoments head = new(_width) { Dampening = EmbeddingDampening };
        foreach (float[] residual in Walk(windows, weights(embedding), (name, _) => weights(name)))
        {
            head.Add(Normalized(residual, "ln_f"));
        }

        float[] table = round(_specs[embedding], head);
        Walk(windows, table, (name, moments) => round(_specs[name], moments!()));
    }

    /// <summary>The residual stream [tokens, width] of each window behind the last block.</summary>
    /// <param name="windows">Ids.</param>
    /// <param name="table">The token embedding.</param>
    /// <param name="matrix">Gives a matrix's values; may ask for the second moments of its inputs.</param>
    private List<float[]> Walk(IReadOnlyList<int[]> windows, float[] table, Func<string, Func<SecondMoments>?, float[]> matrix)
    {
        List<float[]> residuals = [.. windows.Select(ids => Embed(ids, table))];
        for (int layer = 0; layer < configuration.LayerCount; layer++)
        {
            string block = $"h.{layer}.";
            float[] projection = Ask(block + "attn.c_attn", residuals, residual => Normalized(residual, block + "ln_1"));
            List<float[]> attended = [.. residuals.Select(residual =>
                Attend(Linear(Normalized(residual, block + "ln_1"), projection, block + "attn.c_attn")))];
            AddLinear(residuals, attended, Ask(block + "attn.c_proj", attended, inputs => inputs), block + "attn.c_proj");

            float[] widening = Ask(block + "mlp.c_fc", residuals, residual => Normalized(residual, block + "ln_2"));
            List<float[]> hidden = [.. residuals.Select(residual =>
                Gelu(Linear(Normalized(residual, block + "ln_2"), widening, block + "mlp.c_fc")))];
            AddLinear(residuals, hidden, Ask(block + "mlp.c_proj", hidden, inputs => inputs), block + "mlp.c_proj");
        }

        return residuals;

        float[] Ask(string name, List<float[]> sources, Func<float[], float[]> inputs) => matrix(name + ".weight", () =>
        {
            SecondMoments moments = new(_specs[name + ".weight"].InputCount);
            sources.ForEach(source => moments.Add(inputs(source)));
            return moments;
        });
    }

    private float[] Embed(int[] ids, float[] table)
    {
        float[] positions = weights("wpe.weight");
        float[] residual = new float[ids.Length * _width];
        for (int i = 0; i < ids.Length; i++)
        {
            TensorPrimitives.Add(table.AsSpan(ids[i] * _width, _width), positions.AsSpan(i * _width, _width), residual.AsSpan(i * _width, _width));
        }

        return residual;
    }

    private float[] Normalized(float[] residual, string norm)
    {
        float[] gain = weights(norm + ".weight"), bias = weights(norm + ".bias");
        float[] output = new float[residual.Length];
        Parallel.For(0, residual.Length / _width, token => Activations.LayerNorm(
            residual.AsSpan(token * _width, _width), gain, bias, configuration.LayerNormEpsilon, output.AsSpan(token * _width, _width)));
        return output;
    }

    private float[] Linear(float[] inputs, float[] matrix, string name)
    {
        float[] bias = weights(name + ".bias");
        float[] output = new float[inputs.Length / (matrix.Length / bias.Length) * bias.Length];
        DenseProduct.Multiply(inputs, matrix, matrix.Length / bias.Length, output);
        for (int token = 0; token < output.Length; token += bias.Length)
        {
            TensorPrimitives.Add(output.AsSpan(token, bias.Length), bias, output.AsSpan(token, bias.Length));
        }

        return output;
    }

    private void AddLinear(List<float[]> residuals, List<float[]> inputs, float[] matrix, string name)
    {
        for (int i = 0; i < residuals.Count; i++)
        {
            TensorPrimitives.Add(residuals[i], Linear(inputs[i], matrix, name), residuals[i]);
        }
    }

    /// <summary>Causal attention of q | k | v [tokens, 3 × width].</summary>
    private float[] Attend(float[] projected)
    {
        int stride = 3 * _width, size = configuration.HeadSize, tokens = projected.Length / stride;
        float[] output = new float[tokens * _width];
        float scale = 1f / MathF.Sqrt(size);
        Parallel.For(0, tokens, token =>
        {
            float[] scores = new float[token + 1];
            for (int head = 0; head < configuration.HeadCount; head++)
            {
                ReadOnlySpan<float> query = projected.AsSpan((token * stride) + (head * size), size);
                for (int other = 0; other <= token; other++)
                {
                    scores[other] = scale * TensorPrimitives.Dot(query, projected.AsSpan((other * stride) + _width + (head * size), size));
                }

                TensorPrimitives.SoftMax(scores, scores);
                Span<float> sum = output.AsSpan((token * _width) + (head * size), size);
                for (int other = 0; other <= token; other++)
                {
                    TensorPrimitives.MultiplyAdd(projected.AsSpan((other * stride) + (2 * _width) + (head * size), size), scores[other], sum, sum);
                }
            }
        });
        return output;
    }

    private static unsafe float[] Gelu(float[] values)
    {
        fixed (float* v = values)
        {
            Activations.Gelu(v, values.Length);
        }

        return values;
    }
}
