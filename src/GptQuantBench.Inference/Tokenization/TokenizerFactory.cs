using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Tokenization;

/// <summary>Finds the tokenizer of a model.</summary>
public static class TokenizerFactory
{
    // Above any GPT-2's; the tables of a larger one would take more memory than a file's reader may.
    private const int MaxVocabularySize = 1 << 17;

    /// <summary>Reads a model's vocabulary.</summary>
    /// <param name="vocabularyFile">Path of vocab.json, or null.</param>
    /// <param name="mergesFile">Path of merges.txt, or null.</param>
    /// <param name="vocabularySize">Rows of the model's embedding, 1 to 2^17; no id of the vocabulary may reach it.</param>
    /// <returns>
    /// With both files their tokenizer; without files and with 50257 rows the embedded vocabulary of GPT-2; otherwise null, for a
    /// model that works on ids only.
    /// </returns>
    /// <exception cref="ModelFormatException">A file is missing, unreadable or not what it must be, or the size is out of range.</exception>
    public static ITokenizer? Create(string? vocabularyFile, string? mergesFile, int vocabularySize)
    {
        if (vocabularySize is < 1 or > MaxVocabularySize)
        {
            throw new ModelFormatException($"vocab_size is {vocabularySize}, expected 1 to {MaxVocabularySize}; check the model's config.json.");
        }

        return (vocabularyFile, mergesFile) switch
        {
            (null, null) => vocabularySize == EmbeddedVocabulary.Size ? EmbeddedVocabulary.Load() : null,
            (null, _) => throw new ModelFormatException(
                $"{mergesFile} was given without the vocab.json that belongs to it; give both files or neither."),
            (_, null) => throw new ModelFormatException(
                $"{vocabularyFile} was given without the merges.txt that belongs to it; give both files or neither."),
            _ => VocabularyFiles.Load(vocabularyFile, mergesFile, vocabularySize),
        };
    }
}
