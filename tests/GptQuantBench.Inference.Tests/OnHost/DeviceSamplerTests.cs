using System.Runtime.InteropServices;
using GptQuantBench.Inference.Sampling;
using GptQuantBench.Inference.Tests.Sampling;

namespace GptQuantBench.Inference.Tests.OnHost;

/// <summary>The device's samplers (sample.cu, and the persistent kernel's) choose what <see cref="Sampler"/> chooses, without a GPU.</summary>
public sealed class DeviceSamplerTests
{
    [Fact]
    public void Ids_are_the_cpu_samplers()
    {
        using HostProgram program = new("sampler.cpp");
        Case[] cases = [.. Cases()];
        ReadOnlySpan<int> ids = MemoryMarshal.Cast<byte, int>(program.Run([.. cases.SelectMany(Bytes)]));
        Assert.Equal(2 * cases.Length, ids.Length);
        int distinct = 0;
        for (int i = 0; i < cases.Length; i++)
        {
            int expected = new Sampler(cases[i].Logits.Length).Sample(cases[i].Logits, cases[i].Options, cases[i].Step);
            Assert.True(expected == ids[2 * i], $"sample.cu chose {ids[2 * i]} and not {expected} of case {i}: {cases[i]}");
            Assert.True(expected == ids[(2 * i) + 1], $"the persistent kernel's sampler chose {ids[(2 * i) + 1]} and not {expected} of case {i}: {cases[i]}");
            distinct += expected == new Sampler(cases[i].Logits.Length).Sample(cases[i].Logits, SamplingOptions.Greedy, 0) ? 0 : 1;
        }

        Assert.InRange(distinct, cases.Length / 4, cases.Length); // else nothing is sampled
    }

    /// <summary>Peaked to flat rows with and without ties: the draw in and before the nucleus' last bucket, drawn anew, in lists and beyond them.</summary>
    private static IEnumerable<Case> Cases()
    {
        ReadOnlyMemory<int> counts = new[] { 1, 2, 11, 300, 1500, 5001 };
        ReadOnlyMemory<float> deviations = new[] { 0f, 0.01f, 0.5f, 3f, 12f };
        ReadOnlyMemory<float> temperatures = new[] { 0.8f, 2f, 0.05f, 0.02f, 20f, 100f };
        ReadOnlyMemory<float> shares = new[] { 1f, 0.9f, 0.5f, 0.001f, 0.97f };
        for (int i = 0; i < 150; i++)
        {
            Random random = new(i);
            int count = counts.Span[random.Next(counts.Length)];
            float[] logits = LogitGenerators.ModelLike(count, (ulong)i, deviations.Span[random.Next(deviations.Length)]);
            if (i % 4 == 1)
            {
                for (int id = 0; id < count; id++)
                {
                    logits[id] = (id % 7) switch { 0 => 0f, 1 => -0f, 2 when id > 2 => float.NegativeInfinity, _ => MathF.Round(logits[id]) };
                }
            }

            SamplingOptions options = new(temperatures.Span[random.Next(temperatures.Length)], shares.Span[random.Next(shares.Length)], (ulong)random.NextInt64());
            int blocks = count < 16 ? 1 : count > 1500 ? random.Next(5, 8) : random.Next(1, 7);
            yield return new(logits, options, random.Next(1000), blocks);
        }
    }

    private static byte[] Bytes(Case tried)
    {
        using MemoryStream stream = new();
        using BinaryWriter writer = new(stream);
        writer.Write(tried.Logits.Length);
        writer.Write(tried.Blocks);
        writer.Write(tried.Step);
        writer.Write(TokenWeights.Scale(tried.Options.Temperature));
        writer.Write((ulong)Math.Ceiling(tried.Options.TopP * 4294967296.0));
        writer.Write(tried.Options.Seed);
        writer.Write(MemoryMarshal.AsBytes<float>(tried.Logits));
        return stream.ToArray();
    }

    private sealed record Case(float[] Logits, SamplingOptions Options, int Step, int Blocks)
    {
        public override string ToString() => $"{Logits.Length} logits, {Blocks} blocks, {Options}, step {Step}";
    }
}
