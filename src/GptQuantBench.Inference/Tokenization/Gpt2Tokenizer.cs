using System.Buffers;
using System.Text;
using Microsoft.ML.Tokenizers;

namespace GptQuantBench.Inference.Tokenization;

/// <summary>
/// GPT-2's tokenizer: Microsoft.ML.Tokenizers merges the bytes of the pieces that <see cref="Gpt2PreTokenizer"/> cuts; the bytes of
/// an id come from our own table, since the library gives text only. A UTF-16 unit that is half of a pair without its other half is
/// encoded as U+FFFD.
/// </summary>
/// <param name="source">Where the vocabulary came from, for messages.</param>
/// <param name="tokenizer">Text to ids; knows no special tokens.</param>
/// <param name="tokens">The bytes of all ids; read when they are first asked for.</param>
internal sealed class Gpt2Tokenizer(string source, Tokenizer tokenizer, Lazy<TokenTable> tokens) : ITokenizer
{
    /// <summary>The token that ends a text.</summary>
    public const string EndOfText = "<|endoftext|>";

    /// <inheritdoc />
    public string Source { get; } = source;

    /// <inheritdoc />
    public int[] Encode(string text, bool specialTokens = false)
    {
        ArgumentNullException.ThrowIfNull(text);
        int endOfTextId = specialTokens ? tokens.Value.Find(Encoding.UTF8.GetBytes(EndOfText)) : -1;
        if (endOfTextId < 0)
        {
            return EncodeOrdinary(text);
        }

        string[] parts = text.Split(EndOfText);
        List<int> ids = [.. EncodeOrdinary(parts[0])];
        foreach (string part in parts.Skip(1))
        {
            ids.Add(endOfTextId);
            ids.AddRange(EncodeOrdinary(part));
        }

        return [.. ids];
    }

    /// <inheritdoc />
    public string Decode(ReadOnlySpan<int> ids)
    {
        TokenTable table = tokens.Value;
        int length = 0;
        foreach (int id in ids)
        {
            length = checked(length + table.Bytes(id).Length);
        }

        byte[] bytes = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            int used = 0;
            foreach (int id in ids)
            {
                ReadOnlySpan<byte> token = table.Bytes(id);
                token.CopyTo(bytes.AsSpan(used));
                used += token.Length;
            }

            return Encoding.UTF8.GetString(bytes, 0, used);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    /// <inheritdoc />
    public ReadOnlySpan<byte> Bytes(int id) => tokens.Value.Bytes(id);

    private int[] EncodeOrdinary(string text) => [.. tokenizer.EncodeToIds(WellFormed(text), considerNormalization: false)];

    /// <summary>The text with U+FFFD for every surrogate that stands alone.</summary>
    private static string WellFormed(string text) =>
        text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0 ? text : Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
}
