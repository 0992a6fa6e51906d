using System.Buffers;
using System.Buffers.Text;
using System.Text;
using GptQuantBench.Inference.Models;
using Microsoft.ML.Tokenizers;
using SharpToken;

namespace GptQuantBench.Inference.Tokenization;

/// <summary>
/// GPT-2's vocabulary for models that come without files: the resource r50k_base.tiktoken of the package SharpToken, one line
/// per token, its bytes in base64, a space and its id, which is the rank of its merge too. The last id, end-of-text, is not in it.
/// </summary>
internal static class EmbeddedVocabulary
{
    /// <summary>Number of ids.</summary>
    public const int Size = 50257;

    private const string Resource = "SharpToken.data.r50k_base.tiktoken";
    // The longest token has 128 bytes; decoding writes whole groups of three.
    private const int MaxTokenBytes = 132;

    /// <summary>Reads the vocabulary.</summary>
    public static Gpt2Tokenizer Load()
    {
        using Stream stream = Open();
        // The long form with an own pre-tokenizer: the short ones cut and merge in ways that differ from GPT-2's without a word.
        var tokenizer = TiktokenTokenizer.Create(stream, new Gpt2PreTokenizer(), normalizer: null, (IReadOnlyDictionary<string, int>?)null);
        return new Gpt2Tokenizer("embedded GPT-2 vocabulary", tokenizer, new Lazy<TokenTable>(ReadTable));
    }

    private static Stream Open() => typeof(GptEncoding).Assembly.GetManifestResourceStream(Resource)
        ?? throw new ModelFormatException($"The package SharpToken has no resource {Resource}; restore the version of Directory.Packages.props.");

    private static TokenTable ReadTable()
    {
        using Stream stream = Open();
        byte[] file = ArrayPool<byte>.Shared.Rent((int)stream.Length);
        try
        {
            stream.ReadExactly(file, 0, (int)stream.Length);
            return Parse(file.AsSpan(0, (int)stream.Length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(file);
        }
    }

    private static TokenTable Parse(ReadOnlySpan<byte> file)
    {
        var tokens = new TokenTable(Size, file.Length / 2);
        Span<byte> token = stackalloc byte[MaxTokenBytes];
        int id = 0;
        while (!file.IsEmpty)
        {
            int end = file.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? file : file[..end];
            file = end < 0 ? default : file[(end + 1)..];
            int space = line.IndexOf((byte)' ');
            if (space < 0
                || Base64.DecodeFromUtf8(line[..space], token, out _, out int length) != OperationStatus.Done
                || !Utf8Parser.TryParse(line[(space + 1)..], out int written, out _)
                || written != id
                || !tokens.TryAdd(id, token[..length]))
            {
                throw Damaged(id);
            }

            id++;
        }

        return id == Size - 1 && tokens.TryAdd(id, Encoding.UTF8.GetBytes(Gpt2Tokenizer.EndOfText)) ? tokens : throw Damaged(id);
    }

    private static ModelFormatException Damaged(int id) => new(
        $"The package SharpToken's resource {Resource} is not GPT-2's vocabulary at id {id}; restore the version of Directory.Packages.props.");
}
