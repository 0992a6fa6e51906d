using System.Numerics.Tensors;
using System.Runtime.Intrinsics;

namespace GptQuantBench.Inference.Evaluation;

/// <summary>What comparing needs to know of one position's logits.</summary>
/// <param name="LogSum">log Σ e^logit.</param>
/// <param name="Best">The id of the largest logit, the first of several.</param>
internal readonly record struct LogitRow(double LogSum, int Best)
{
    // Terms that are summed in FP32 before they join the sum in FP64.
    private const int Chunk = 512;

    /// <summary>Reads a row [vocabulary].</summary>
    public static LogitRow Of(ReadOnlySpan<float> logits) => new(LogSumExp.Of(logits), TensorPrimitives.IndexOfMax(logits));

    /// <summary>logsumexp(logits) − logits[id], nats.</summary>
    public double NegativeLogLikelihood(ReadOnlySpan<float> logits, int id) => LogSum - logits[id];

    /// <summary>
    /// Σ p·(log p − log q) of this row's q from a reference's p, nats: with p = e^(r − R) and q = e^(l − L) that is
    /// L − R − Σ p·(l − r), which is exactly 0 for equal rows.
    /// </summary>
    public double DivergenceFrom(LogitRow reference, ReadOnlySpan<float> logits, ReadOnlySpan<float> referenceLogits)
    {
        double sum = 0;
        float shift = (float)reference.LogSum;
        for (int start = 0; start < logits.Length; start += Chunk)
        {
            int count = Math.Min(Chunk, logits.Length - start);
            ReadOnlySpan<float> own = logits.Slice(start, count);
            ReadOnlySpan<float> other = referenceLogits.Slice(start, count);
            Vector256<float> part = default;
            int i = 0;
            for (; i + Vector256<float>.Count <= count; i += Vector256<float>.Count)
            {
                Vector256<float> r = Vector256.Create(other[i..]);
                part += Vector256.Exp(r - Vector256.Create(shift)) * (Vector256.Create(own[i..]) - r);
            }

            sum += Vector256.Sum(part);
            for (; i < count; i++)
            {
                sum += Math.Exp(other[i] - shift) * ((double)own[i] - other[i]);
            }
        }

        // The shift is the reference's log-sum rounded to FP32.
        return LogSum - reference.LogSum - (sum * Math.Exp(shift - reference.LogSum));
    }
}
