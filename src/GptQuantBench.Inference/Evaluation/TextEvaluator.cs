using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Evaluation;

/// <summary>
/// Runs a text through a reference model and others at the same time, chunk by chunk, so that their logits can be compared without
/// being kept: only the reference's logits of the chunk at hand are in memory.
/// </summary>
public static class TextEvaluator
{
    // Positions that go through the models together: prefill shares unpacked weights, and the reference's logits stay below 26 MB.
    private const int ChunkPositions = 128;

    /// <summary>Evaluates.</summary>
    /// <param name="reference">What the others are compared with.</param>
    /// <param name="candidates">The others, of the same vocabulary and context; may be none.</param>
    /// <param name="ids">The text.</param>
    /// <param name="stride">Tokens from window to window; null for the context length, so that windows do not overlap.</param>
    /// <param name="progress">Called with scored tokens and their final number as the evaluation goes; null where nobody looks.</param>
    /// <exception cref="ModelFormatException">The text has fewer than two tokens, or a model's logits are not finite.</exception>
    /// <exception cref="ArgumentException">An id is outside the vocabulary, or the models do not fit together.</exception>
    public static EvaluationResult Evaluate(
        ILanguageModel reference,
        IReadOnlyList<ILanguageModel> candidates,
        ReadOnlySpan<int> ids,
        int? stride = null,
        Action<int, int>? progress = null)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(candidates);
        ModelConfiguration configuration = reference.Configuration;
        foreach (ILanguageModel candidate in candidates)
        {
            if (candidate.Configuration.VocabularySize != configuration.VocabularySize
                || candidate.Configuration.ContextLength != configuration.ContextLength)
            {
                throw new ArgumentException("Models with different vocabularies or contexts can't be compared.", nameof(candidates));
            }
        }

        int window = configuration.ContextLength;
        IReadOnlyList<TextWindow> windows = TextWindow.Cut(ids.Length, window, stride ?? window);
        using Run run = new(reference, candidates, ids.ToArray(), Math.Min(window, ids.Length));
        int total = windows.Sum(part => part.Length - part.FirstScored);
        foreach (TextWindow part in windows)
        {
            run.Score(part, scored => progress?.Invoke(scored, total));
        }

        return run.Result(ids.Length, window, stride ?? window);
    }

    private sealed class Run : IDisposable
    {
        private readonly int[] _text;
        private readonly int _vocabulary;
        private readonly float[] _referenceLogits;
        private readonly LogitRow[] _referenceRows = new LogitRow[ChunkPositions];
        private readonly IDecodingSession _reference;
        private readonly List<IDecodingSession> _candidates = [];
        private readonly List<double> _referenceScores = [];
        private readonly List<TokenScore>[] _scores;

        public Run(ILanguageModel reference, IReadOnlyList<ILanguageModel> candidates, int[] text, int capacity)
        {
            _text = text;
            _vocabulary = reference.Configuration.VocabularySize;
            _referenceLogits = candidates.Count == 0 ? [] : new float[Math.Min(capacity, ChunkPositions) * _vocabulary];
            _scores = [.. candidates.Select(_ => new List<TokenScore>())];
            _reference = reference.CreateSession(capacity);
            try
            {
                _candidates.AddRange(candidates.Select(candidate => candidate.CreateSession(capacity)));
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        /// <summary>Runs a window. Its last token predicts nothing that is scored, so it is not run.</summary>
        public void Score(TextWindow window, Action<int> progress)
        {
            _reference.Reset();
            _candidates.ForEach(session => session.Reset());
            for (int start = 0; start < window.Length - 1; start += ChunkPositions)
            {
                int count = Math.Min(ChunkPositions, window.Length - 1 - start);
                ReadOnlySpan<int> ids = _text.AsSpan(window.Start + start, count);
                int skipped = Math.Clamp(window.FirstScored - 1 - start, 0, count);
                ScoreReference(ids, start, window, skipped);
                for (int i = 0; i < _candidates.Count; i++)
                {
                    ScoreCandidate(_candidates[i], _scores[i], ids, start, window, skipped);
                }

                progress(_referenceScores.Count);
            }
        }

        public EvaluationResult Result(int tokens, int window, int stride) => new()
        {
            Tokens = tokens,
            ScoredTokens = _referenceScores.Count,
            Window = window,
            Stride = stride,
            Reference = new(SampleEstimates.Mean(_referenceScores)),
            Candidates = [.. _scores.Select(DivergenceStatistics.Of)],
        };

        public void Dispose()
        {
            _reference.Dispose();
            _candidates.ForEach(session => session.Dispose());
        }

        private void ScoreReference(ReadOnlySpan<int> ids, int start, TextWindow window, int skipped)
        {
            _reference.ComputeLogits(ids, (position, count, logits) =>
            {
                int first = position - start;
                if (_candidates.Count > 0)
                {
                    logits.CopyTo(_referenceLogits.AsSpan(first * _vocabulary));
                }

                Rows(logits, count, (row, values) => _referenceRows[first + row] = LogitRow.Of(values));
                for (int row = Math.Max(0, skipped - first); row < count; row++)
                {
                    _referenceScores.Add(Checked(_referenceRows[first + row].NegativeLogLikelihood(logits[(row * _vocabulary)..], RightId(window, position + row))));
                }
            });
        }

        private void ScoreCandidate(
            IDecodingSession session, List<TokenScore> scores, ReadOnlySpan<int> ids, int start, TextWindow window, int skipped)
        {
            TokenScore[] chunk = new TokenScore[ids.Length];
            session.ComputeLogits(ids, (position, count, logits) =>
            {
                int first = position - start;
                Rows(logits, count, (row, values) =>
                {
                    int id = RightId(window, position + row);
                    ReadOnlySpan<float> expected = _referenceLogits.AsSpan((first + row) * _vocabulary, _vocabulary);
                    LogitRow reference = _referenceRows[first + row];
                    LogitRow own = LogitRow.Of(values);
                    chunk[first + row] = new(
                        own.NegativeLogLikelihood(values, id),
                        reference.NegativeLogLikelihood(expected, id),
                        own.DivergenceFrom(reference, values, expected),
                        own.Best == reference.Best);
                });
            });
            foreach (TokenScore score in chunk.AsSpan(skipped))
            {
                Checked(score.NegativeLogLikelihood);
                scores.Add(score);
            }
        }

        private int RightId(TextWindow window, int position) => _text[window.Start + position + 1];

        /// <summary>Calls for every row on all cores.</summary>
        private unsafe void Rows(ReadOnlySpan<float> logits, int count, RowAction action)
        {
            fixed (float* values = logits)
            {
                nint address = (nint)values;
                Parallel.For(0, count, row => action(row, new ReadOnlySpan<float>((float*)address + ((nint)row * _vocabulary), _vocabulary)));
            }
        }

        private static double Checked(double negativeLogLikelihood) => double.IsFinite(negativeLogLikelihood)
            ? negativeLogLikelihood
            : throw new ModelFormatException(
                "The model's logits are NaN or infinite on this text, where finite ones are expected; use undamaged weights.");

        private delegate void RowAction(int row, ReadOnlySpan<float> logits);
    }
}
