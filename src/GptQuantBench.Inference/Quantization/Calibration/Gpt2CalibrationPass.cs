using System.Numerics.Tensors;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Quantization.Calibration;

/// <summary>
/// GPT-2. The tied embedding is rounded first, as the head of the unrounded model: everything behind it then sees the embedding as it
/// will be. Then both models, unrounded and rounded, go through the text side by side, and each layer is fitted as
/// <see cref="LayerFit"/> says.
/// </summary>
/// <param name="configuration">The sizes.</param>
/// <param name="weights">The values of a weight by its canonical name, matrices [out, in].</param>
internal sealed class Gpt2CalibrationPass(ModelConfiguration configuration, Func<string, float[]> weights) : ICalibrationPass
{
    private const string Embedding = "wte.weight";

    private readonly Dictionary<string, WeightSpec> _specs = new Gpt2Architecture().Weights(configuration).ToDictionary(spec => spec.Name);

    /// <inheritdoc />
    public IReadOnlyDictionary<string, float[]> Run(IReadOnlyList<int[]> windows, RoundMatrix round)
    {
        Dictionary<string, float[]> changed = [], biases = [];
        changed[Embedding] = round(_specs[Embedding], weights(Embedding), () => Head(windows));

        Gpt2Stream original = new(configuration, weights);
        Gpt2Stream rounded = new(configuration, name => changed.TryGetValue(name, out float[]? values) ? values : weights(name));
        original.Embed(windows);
        rounded.Embed(windows);
        for (int index = 0; index < configuration.LayerCount; index++)
        {
            string block = $"h.{index}.";
            Fit(block + "attn.c_attn", original.Normalized(block + "ln_1"), rounded.Normalized(block + "ln_1"), isLast: false);
            AddFitted(block + "attn.c_proj", original.Attended(block), rounded.Attended(block));
            Fit(block + "mlp.c_fc", original.Normalized(block + "ln_2"), rounded.Normalized(block + "ln_2"), isLast: false);
            AddFitted(block + "mlp.c_proj", original.Hidden(block), rounded.Hidden(block));
        }

        return biases;

        void AddFitted(string layer, List<float[]> inputs, List<float[]> roundedInputs)
        {
            Fit(layer, inputs, roundedInputs, isLast: true);
            original.Add(inputs, layer);
            rounded.Add(roundedInputs, layer);
        }

        // The last layers of attention and MLP add to the residual stream, so they can make up for what it lags behind.
        void Fit(string layer, IEnumerable<float[]> inputs, IEnumerable<float[]> roundedInputs, bool isLast)
        {
            string name = layer + ".weight";
            WeightSpec spec = _specs[name];
            LayerFit fit = new(spec.InputCount, spec.OutputCount);
            int window = 0;
            foreach ((float[] expected, float[] actual) in inputs.Zip(roundedInputs))
            {
                fit.Add(expected, actual, isLast ? Difference(original.Residuals[window], rounded.Residuals[window]) : null);
                window++;
            }

            fit.Complete();
            float[] matrix = weights(name), bias = weights(layer + ".bias");
            changed[name] = round(spec, fit.Weights(matrix), fit.Moments);
            changed[layer + ".bias"] = biases[layer + ".bias"] = fit.Bias(matrix, bias, changed[name]);
        }
    }

    private HeadMoments Head(IReadOnlyList<int[]> windows)
    {
        Gpt2Stream stream = new(configuration, weights);
        stream.Embed(windows);
        stream.Finish();
        return new(Concatenated(stream.Normalized("ln_f")), weights(Embedding), configuration.EmbeddingSize);
    }

    private static float[] Concatenated(IEnumerable<float[]> parts)
    {
        List<float> all = [];
        foreach (float[] part in parts)
        {
            all.AddRange(part.AsSpan());
        }

        return [.. all];
    }

    private static float[] Difference(float[] first, float[] second)
    {
        float[] difference = new float[first.Length];
        TensorPrimitives.Subtract(first, second, difference);
        return difference;
    }
}
