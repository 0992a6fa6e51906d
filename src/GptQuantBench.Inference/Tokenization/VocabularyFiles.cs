using System.Text;
using System.Text.Unicode;
using GptQuantBench.Inference.Models;
using Microsoft.ML.Tokenizers;

namespace GptQuantBench.Inference.Tokenization;

/// <summary>Opens vocab.json and merges.txt, the two files of a byte-level vocabulary.</summary>
internal static class VocabularyFiles
{
    // GPT-2's are 1 MB and 0.5 MB; a file that is not a vocabulary must not be read whole.
    private const long MaxFileBytes = 8_000_000;

    /// <summary>Reads both files.</summary>
    /// <exception cref="ModelFormatException">A file is missing, unreadable or not what it must be.</exception>
    public static Gpt2Tokenizer Load(string vocabularyFile, string mergesFile, int vocabularySize)
    {
        byte[] vocabulary = ReadUtf8(vocabularyFile);
        byte[] merges = ReadUtf8(mergesFile);
        TokenTable tokens = new VocabularyParser(vocabularyFile, vocabularySize).Parse(vocabulary);
        MergesFile.Check(mergesFile, merges, tokens);
        var options = new BpeOptions(vocabularyFile, mergesFile) { ByteLevel = true, PreTokenizer = new Gpt2PreTokenizer() };
        return new Gpt2Tokenizer(vocabularyFile, BpeTokenizer.Create(options), new Lazy<TokenTable>(tokens));
    }

    private static byte[] ReadUtf8(string path)
    {
        byte[] content;
        try
        {
            long length = new FileInfo(path).Length;
            if (length > MaxFileBytes)
            {
                throw new ModelFormatException($"{path} has {length} bytes, expected at most {MaxFileBytes}; give a GPT-2 vocabulary file.");
            }

            content = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new ModelFormatException($"{path} cannot be read ({e.Message.TrimEnd('.')}); give a readable vocabulary file.", e);
        }

        if (!Utf8.IsValid(content))
        {
            throw new ModelFormatException($"{path} is not UTF-8; give the file as it was published.");
        }

        return content.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? content[Encoding.UTF8.Preamble.Length..] : content;
    }
}
