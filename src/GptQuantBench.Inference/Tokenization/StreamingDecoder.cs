using System.Text;

namespace GptQuantBench.Inference.Tokenization;

/// <summary>
/// Decodes ids one at a time. A code point whose bytes are spread over several ids comes out whole with the id that completes it;
/// all outputs together equal <see cref="ITokenizer.Decode"/> of all ids. Not thread-safe.
/// </summary>
/// <param name="tokenizer">Knows the bytes of each id.</param>
public sealed class StreamingDecoder(ITokenizer tokenizer)
{
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();

    /// <summary>The text that an id completes; empty while a code point is unfinished.</summary>
    /// <param name="id">An id of the vocabulary.</param>
    public string Append(int id) => Convert(tokenizer.Bytes(id), flush: false);

    /// <summary>Ends the text: an unfinished code point becomes U+FFFD. The decoder can then take a new text.</summary>
    public string Flush() => Convert([], flush: true);

    private string Convert(ReadOnlySpan<byte> bytes, bool flush)
    {
        int count = _decoder.GetCharCount(bytes, flush);
        if (count == 0 && !flush)
        {
            // The bytes must still be taken up.
            _decoder.GetChars(bytes, [], flush);
            return "";
        }

        return string.Create(count, new State(_decoder, bytes, flush), static (text, state) =>
            state.Decoder.GetChars(state.Bytes, text, state.Flush));
    }

    private readonly ref struct State(Decoder decoder, ReadOnlySpan<byte> bytes, bool flush)
    {
        public readonly Decoder Decoder = decoder;
        public readonly ReadOnlySpan<byte> Bytes = bytes;
        public readonly bool Flush = flush;
    }
}
