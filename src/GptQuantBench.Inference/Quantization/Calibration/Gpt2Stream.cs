using System.Numerics.Tensors;
using GptQuantBench.Inference.Backends.Cpu;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Quantization.Calibration;

/// <summary>GPT-2 in plain FP32, layer by layer, over many sequences side by side.</summary>
/// <param name="configuration">The sizes.</param>
/// <param name="weights">The values of a weight by its canonical name, matrices [out, in].</param>
internal sealed class Gpt2Stream(ModelConfiguration configuration, Func<string, float[]> weights)
{
    private readonly int _width = configuration.EmbeddingSize;

    /// <summary>The residual stream [tokens, width] of each sequence, as far as the walk has come.</summary>
    public IReadOnlyList<float[]> Residuals { get; private set; } = [];

    /// <summary>Starts: token and position embeddings.</summary>
    public void Embed(IReadOnlyList<int[]> windows)
    {
        float[] table = weights("wte.weight"), positions = weights("wpe.weight");
        Residuals = [.. windows.Select(ids =>
        {
            float[] residual = new float[ids.Length * _width];
            for (int i = 0; i < ids.Length; i++)
            {
                TensorPrimitives.Add(table.AsSpan(ids[i] * _width, _width), positions.AsSpan(i * _width, _width), residual.AsSpan(i * _width, _width));
            }

            return residual;
        })];
    }

    /// <summary>The output of a norm, computed sequence by sequence as it is read.</summary>
    public IEnumerable<float[]> Normalized(string norm) => Residuals.Select(residual => Normalize(residual, norm));

    /// <summary>The inputs of a block's attention projection.</summary>
    public List<float[]> Attended(string block) => [.. Normalized(block + "ln_1").Select(inputs => Attend(Linear(inputs, block + "attn.c_attn")))];

    /// <summary>The inputs of a block's second MLP matrix.</summary>
    public List<float[]> Hidden(string block) => [.. Normalized(block + "ln_2").Select(inputs => Gelu(Linear(inputs, block + "mlp.c_fc")))];

    /// <summary>Adds a layer's outputs to the residual stream.</summary>
    /// <param name="inputs">Of the layer, by sequence.</param>
    /// <param name="layer">Its name.</param>
    public void Add(IReadOnlyList<float[]> inputs, string layer)
    {
        for (int i = 0; i < Residuals.Count; i++)
        {
            TensorPrimitives.Add(Residuals[i], Linear(inputs[i], layer), Residuals[i]);
        }
    }

    /// <summary>Goes through all blocks.</summary>
    public void Finish()
    {
        for (int layer = 0; layer < configuration.LayerCount; layer++)
        {
            string block = $"h.{layer}.";
            Add(Attended(block), block + "attn.c_proj");
            Add(Hidden(block), block + "mlp.c_proj");
        }
    }

    private unsafe float[] Normalize(float[] residual, string norm)
    {
        float[] gain = weights(norm + ".weight"), bias = weights(norm + ".bias");
        float[] output = new float[residual.Length];
        Parallel.For(0, residual.Length / _width, token =>
        {
            fixed (float* x = residual, g = gain, b = bias, y = output)
            {
                Activations.LayerNorm(x + (token * _width), g, b, configuration.LayerNormEpsilon, y + (token * _width), _width);
            }
        });
        return output;
    }

    private float[] Linear(float[] inputs, string layer)
    {
        float[] matrix = weights(layer + ".weight"), bias = weights(layer + ".bias");
        float[] output = new float[inputs.Length / (matrix.Length / bias.Length) * bias.Length];
        DenseProduct.Multiply(inputs, matrix, matrix.Length / bias.Length, output);
        for (int token = 0; token < output.Length; token += bias.Length)
        {
            TensorPrimitives.Add(output.AsSpan(token, bias.Length), bias, output.AsSpan(token, bias.Length));
        }

        return output;
    }

    /// <summary>Causal attention of q | k | v [tokens, 3 × width].</summary>
    private float[] Attend(float[] projected)
    {
        int size = configuration.HeadSize, tokens = projected.Length / (3 * _width);
        float[] output = new float[tokens * _width], scores = new float[tokens * tokens], sums = new float[tokens * size];
        float scale = 1f / MathF.Sqrt(size);
        for (int head = 0; head < configuration.HeadCount; head++)
        {
            int first = head * size;
            DenseProduct.Multiply(Columns(projected, first), Columns(projected, _width + first), size, scores);
            Parallel.For(0, tokens, token =>
            {
                Span<float> past = scores.AsSpan(token * tokens, token + 1);
                TensorPrimitives.Multiply(past, scale, past);
                TensorPrimitives.SoftMax(past, past);
                scores.AsSpan((token * tokens) + token + 1, tokens - token - 1).Clear();
            });
            DenseProduct.Multiply(scores, MatrixSum.Transposed(Columns(projected, (2 * _width) + first), size), tokens, sums);
            for (int token = 0; token < tokens; token++)
            {
                sums.AsSpan(token * size, size).CopyTo(output.AsSpan((token * _width) + first, size));
            }
        }

        return output;
    }

    /// <summary>The columns of one head of [tokens, 3 × width].</summary>
    private float[] Columns(float[] projected, int first)
    {
        int size = configuration.HeadSize, tokens = projected.Length / (3 * _width);
        float[] columns = new float[tokens * size];
        for (int token = 0; token < tokens; token++)
        {
            projected.AsSpan((token * 3 * _width) + first, size).CopyTo(columns.AsSpan(token * size, size));
        }

        return columns;
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
