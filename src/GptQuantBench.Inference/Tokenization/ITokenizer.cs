namespace GptQuantBench.Inference.Tokenization;

/// <summary>Text to token ids and back.</summary>
public interface ITokenizer
{
    /// <summary>Where the vocabulary came from, for messages, e.g. a path or <c>embedded GPT-2 vocabulary</c>.</summary>
    string Source { get; }

    /// <summary>The ids of a text.</summary>
    /// <param name="text">Any string; nothing is trimmed and no token is added.</param>
    /// <param name="specialTokens">True: <c>&lt;|endoftext|&gt;</c> in the text is its special token; false: it is ordinary text.</param>
    int[] Encode(string text, bool specialTokens = false);

    /// <summary>The text of ids; bytes that are not UTF-8 become U+FFFD.</summary>
    string Decode(ReadOnlySpan<int> ids);

    /// <summary>The bytes that one id stands for.</summary>
    ReadOnlySpan<byte> Bytes(int id);
}
