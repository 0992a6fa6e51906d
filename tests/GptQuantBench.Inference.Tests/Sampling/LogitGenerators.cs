using CsCheck;
using GptQuantBench.Inference.Sampling;

namespace GptQuantBench.Inference.Tests.Sampling;

/// <summary>Rows of logits and options that meet every branch of the sampler.</summary>
internal static class LogitGenerators
{
    private static Gen<float> Logit { get; } = Gen.Frequency(
        (8, Gen.Float[-12f, 12f]),
        (4, Gen.Int[-3, 3].Select(value => (float)value)),
        (1, Gen.OneOf(0f, -0f, float.Epsilon, -float.Epsilon, float.NegativeInfinity, float.MinValue, 1e30f, -1e30f)));

    /// <summary>1 to 300 logits, ties and −infinity among them, at least one finite.</summary>
    public static Gen<float[]> Row { get; } = Gen.OneOf(
        Logit.Array[1, 300],
        Gen.Float[-8f, 8f].Array[1, 300],
        Gen.Int[0, 2].Select(value => (float)value).Array[1, 300]).Where(row => row.Any(float.IsFinite));

    /// <summary>Temperatures above 0 and top-p over their whole ranges.</summary>
    public static Gen<SamplingOptions> Options { get; } = Gen.Select(
        Gen.OneOf(Gen.Float[0.05f, 3f], Gen.OneOf(1e-40f, 1e-6f, 0.8f, 1f, SamplingOptions.MaxTemperature)),
        Gen.OneOf(Gen.Float[0.01f, 1f], Gen.OneOf(float.Epsilon, 1e-6f, 0.5f, 0.9f, MathF.BitDecrement(1f), 1f)),
        Gen.ULong).Select((temperature, topP, seed) => new SamplingOptions(temperature, topP, seed));

    /// <summary>Logits as a language model's are spread: normal, a few tokens far above the rest.</summary>
    public static float[] ModelLike(int count, ulong seed, float deviation = 2.5f)
    {
        var logits = new float[count];
        for (int i = 0; i < count; i++)
        {
            double u = ((CounterBasedGenerator.Draw(seed, 2 * i) >> 11) + 1) * Math.Pow(2, -53);
            double v = (CounterBasedGenerator.Draw(seed, (2 * i) + 1) >> 11) * Math.Pow(2, -53);
            logits[i] = (float)(deviation * Math.Sqrt(-2 * Math.Log(u)) * Math.Cos(2 * Math.PI * v));
        }

        return logits;
    }
}
