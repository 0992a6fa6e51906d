using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Backends;

/// <summary>What sessions of every backend ask of their callers.</summary>
internal static class SequenceLimits
{
    private const int CapacityStep = 64;

    /// <summary>The positions that a cache gets: a multiple of 64, at most the context length.</summary>
    /// <exception cref="ArgumentException">The model has fewer positions, or less than one is asked for.</exception>
    public static int RoundCapacity(int capacity, ModelConfiguration configuration) =>
        capacity < 1 || capacity > configuration.ContextLength
            ? throw new ArgumentException(
                $"A sequence of {capacity} positions is asked for, where the model has 1 to {configuration.ContextLength}; "
                + "shorten the prompt or generate fewer tokens.",
                nameof(capacity))
            : Math.Min((capacity + CapacityStep - 1) / CapacityStep * CapacityStep, configuration.ContextLength);

    /// <summary>Checks that a sequence can be shortened to a position.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not that long.</exception>
    public static void CheckRewind(int position, int reached)
    {
        if ((uint)position > (uint)reached)
        {
            throw new ArgumentOutOfRangeException(
                nameof(position), position, $"A sequence of {reached} positions can only be shortened to 0 to {reached}.");
        }
    }

    /// <summary>Checks that times fit the ids between which they are taken.</summary>
    /// <exception cref="ArgumentException">They are not one less.</exception>
    public static void CheckTimes(int ids, int times)
    {
        if (times != Math.Max(0, ids - 1))
        {
            throw new ArgumentException($"{times} times are asked for between {ids} ids; expected {Math.Max(0, ids - 1)}.", nameof(times));
        }
    }

    /// <summary>Checks that there are ids, and all of them inside the vocabulary.</summary>
    /// <exception cref="ArgumentException">There are none, or one is not.</exception>
    public static void CheckIds(ReadOnlySpan<int> ids, ModelConfiguration configuration)
    {
        if (ids.IsEmpty)
        {
            throw new ArgumentException("The prompt has no token, where at least one is expected; give a longer text.", nameof(ids));
        }

        foreach (int id in ids)
        {
            if ((uint)id >= (uint)configuration.VocabularySize)
            {
                throw new ArgumentException(
                    $"Token id {id} is outside the vocabulary of 0 to {configuration.VocabularySize - 1}; use ids of this model's tokenizer.",
                    nameof(ids));
            }
        }
    }

    /// <summary>Checks what the sequences of a batch shall do.</summary>
    /// <exception cref="ArgumentException">One has ids outside the vocabulary, generates without any, or does not fit.</exception>
    public static void CheckBatch(ReadOnlySpan<BatchSequence> sequences, ReadOnlySpan<int> positions, int capacity, ModelConfiguration configuration)
    {
        if (sequences.Length != positions.Length)
        {
            throw new ArgumentException(
                $"{sequences.Length} sequences are given to a batch of {positions.Length}; give one for each, without ids where it sits out.",
                nameof(sequences));
        }

        for (int i = 0; i < sequences.Length; i++)
        {
            ReadOnlySpan<int> ids = sequences[i].Ids.Span;
            int generated = sequences[i].Generated.Length;
            if (!ids.IsEmpty || generated > 0)
            {
                CheckIds(ids, configuration);
                CheckRoom(positions[i], ids.Length + Math.Max(0, generated - 1), capacity);
            }
        }
    }

    /// <summary>Checks that positions from <paramref name="start"/> on fit a session.</summary>
    /// <exception cref="ArgumentException">They do not.</exception>
    public static void CheckRoom(int start, int count, int capacity)
    {
        if (count > capacity - start)
        {
            throw new ArgumentException(
                $"A sequence of {start + (long)count} positions does not fit the session's {capacity}; shorten the prompt or generate fewer tokens.",
                nameof(count));
        }
    }
}
