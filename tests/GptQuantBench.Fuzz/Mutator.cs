namespace GptQuantBench.Fuzz;

/// <summary>Damages inputs at random, the same for the same seed: single bytes, pieces moved and doubled, numbers that hurt.</summary>
internal sealed class Mutator(int seed)
{
    private static readonly string[] _tokens =
    [
        "0", "-1", "1e999", "-1e999", "1e-999", "NaN", "null", "true", "{}", "[]", "\"\"", "\"\\ud800\"", "\\u0000", "2147483648", "4294967296",
        "9223372036854775807", "9223372036854775808", "18446744073709551615", "-9223372036854775808", "[[[[[[[[", "{\"\":{\"\":", "\r", "\n", "\t",
        "\uFEFF", "\u2028", "Ġ", "../", "\0", "1.5", "00", "\"F32\"", "\"I64\"", "\"gpt2\"",
    ];

    private readonly Random _random = new(seed);

    /// <summary>A damaged copy.</summary>
    public byte[] Mutate(IReadOnlyList<byte[]> corpus)
    {
        List<byte> bytes = [.. corpus[_random.Next(corpus.Count)]];
        for (var changes = 1 + _random.Next(6); changes > 0; changes--)
        {
            Change(bytes, corpus);
        }

        return [.. bytes];
    }

    private void Change(List<byte> bytes, IReadOnlyList<byte[]> corpus)
    {
        var at = _random.Next(bytes.Count + 1);
        var length = _random.Next(Math.Min(64, bytes.Count - at) + 1);
        switch (_random.Next(7))
        {
            case 0 when at < bytes.Count:
                bytes[at] ^= (byte)(1 << _random.Next(8));
                break;
            case 1 when at < bytes.Count:
                bytes[at] = (byte)_random.Next(256);
                break;
            case 2:
                bytes.RemoveRange(at, length);
                break;
            case 3:
                bytes.InsertRange(at, bytes.GetRange(at, length));
                break;
            case 4:
                bytes.RemoveRange(at, length);
                bytes.InsertRange(at, System.Text.Encoding.UTF8.GetBytes(_tokens[_random.Next(_tokens.Length)]));
                break;
            case 5:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            default:
                var other = corpus[_random.Next(corpus.Count)];
                var from = _random.Next(other.Length + 1);
                bytes.InsertRange(at, other.AsSpan(from, Math.Min(64, other.Length - from)));
                break;
        }
    }
}
