using System.Runtime.CompilerServices;
using System.Text.Json;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Tokenization;

/// <summary>
/// Parses vocab.json: one object, token to id, in the byte-level alphabet. A token with other characters (an added special token)
/// has an id and bytes, but no text is ever encoded to it.
/// </summary>
/// <param name="path">The file's path, for messages.</param>
/// <param name="vocabularySize">No id may reach it.</param>
internal sealed class VocabularyParser(string path, int vocabularySize)
{
    // GPT-2's longest has 128; longer ones cost the library many times their length.
    private const int LongestToken = 4096;

    private readonly byte[] _text = new byte[LongestToken];
    private readonly byte[] _bytes = new byte[LongestToken];

    /// <summary>Parses the file.</summary>
    /// <param name="json">Its content, valid UTF-8 without byte order mark.</param>
    /// <exception cref="ModelFormatException">The content is not a vocabulary of the model's size.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public TokenTable Parse(ReadOnlySpan<byte> json)
    {
        var tokens = new TokenTable(vocabularySize, json.Length / 2);
        try
        {
            var reader = new Utf8JsonReader(json);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                throw new ModelFormatException($"{path} is not a JSON object, expected token to id; give the vocab.json of the model.");
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                AddToken(tokens, ref reader);
            }

            // Whatever follows the object is an error that the reader reports.
            reader.Read();
        }
        // Invalid operation: a string with half a surrogate pair, which is JSON but no text.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ModelFormatException($"{path} is not valid JSON, expected one object of token to id; give the file as it was published.", e);
        }

        RequireAllBytes(tokens);
        return tokens;
    }

    /// <summary>Adds the token that the reader stands at; the messages name its place, as a token can hold anything, line breaks too.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddToken(TokenTable tokens, ref Utf8JsonReader reader)
    {
        long place = reader.TokenStartIndex;
        if (reader.ValueSpan.Length > LongestToken)
        {
            throw new ModelFormatException(
                $"{path} byte {place} is a token of {reader.ValueSpan.Length} bytes, expected at most {LongestToken}; give a GPT-2 vocab.json.");
        }

        ReadOnlySpan<byte> token = _text.AsSpan(0, reader.CopyString(_text));
        reader.Read();
        if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt32(out int id) || (uint)id >= (uint)tokens.Size)
        {
            throw new ModelFormatException(
                $"{path} byte {place} gives a token an id that is not 0 to {tokens.Size - 1}, as vocab_size {tokens.Size} asks for; give the vocab.json of this model.");
        }

        if (token.IsEmpty)
        {
            throw new ModelFormatException($"{path} byte {place} is an empty token, expected at least one character; give the file as it was published.");
        }

        if (tokens.Contains(id))
        {
            throw new ModelFormatException($"{path} byte {place} gives the id {id} to a second token, expected one; give the file as it was published.");
        }

        if (!ByteAlphabet.TryDecode(token, _bytes, out int length))
        {
            tokens.SetBytes(id, token);
        }
        else if (!tokens.TryAdd(id, _bytes.AsSpan(0, length)))
        {
            throw new ModelFormatException($"{path} byte {place} is a token that has an id already, expected each once; give the file as it was published.");
        }
    }

    private void RequireAllBytes(TokenTable tokens)
    {
        for (int value = 0; value < 256; value++)
        {
            if (tokens.Find([(byte)value]) < 0)
            {
                throw new ModelFormatException(
                    $"{path} has no token '{ByteAlphabet.Character((byte)value)}' for the byte 0x{value:X2}, expected a byte-level vocabulary with all 256 bytes; give a GPT-2 vocab.json.");
            }
        }
    }
}
