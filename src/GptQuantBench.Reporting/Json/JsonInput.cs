using System.Globalization;
using System.Text.Json;

namespace GptQuantBench.Reporting.Json;

/// <summary>
/// What holds for every JSON file that comes from outside, before anything is allocated for its values: a value of one byte costs
/// dozens once it is read, so both bytes and values have a limit.
/// </summary>
internal static class JsonInput
{
    /// <summary>Longest file that is read, in bytes; a run of six cases with 20 launches of 1000 iterations writes 11 MB.</summary>
    public const int LongestFile = 16_000_000;

    /// <summary>Most tokens (values, keys, brackets) of a file; that run has 400 000.</summary>
    public const int MostTokens = 1_000_000;

    /// <summary>Longest text in a file, in bytes: prompts and generated texts have some thousand.</summary>
    public const int LongestText = 200_000;

    /// <summary>The bytes of a file or pipe.</summary>
    /// <param name="path">The file.</param>
    /// <param name="what">What the file is to be, for messages, e.g. Report.</param>
    /// <exception cref="ReportFormatException">It is longer than <see cref="LongestFile"/>.</exception>
    /// <exception cref="IOException">It cannot be read; other exceptions of opening a file pass too.</exception>
    public static ReadOnlyMemory<byte> Read(string path, string what)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        if (!stream.CanSeek || stream.Length <= LongestFile)
        {
            byte[] content = new byte[stream.CanSeek ? (int)stream.Length + 1 : LongestFile + 1];
            int length = stream.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
            // The byte more shows whether that was all; a file that grew meanwhile is not read further than it was.
            if (stream.CanSeek || length <= LongestFile)
            {
                return content.AsMemory(0, Math.Min(length, content.Length - 1));
            }
        }

        throw new ReportFormatException(
            $"{what} '{path}' has more than {LongestFile.ToString(CultureInfo.InvariantCulture)} bytes, the most that is read: give the JSON of a single run.");
    }

    /// <summary>Counts tokens, and measures texts.</summary>
    /// <exception cref="ReportFormatException">There are more than <see cref="MostTokens"/>, or one is longer than <see cref="LongestText"/>.</exception>
    /// <exception cref="JsonException">It is not JSON.</exception>
    public static void CheckSizes(ReadOnlySpan<byte> utf8, string path, string what)
    {
        var reader = new Utf8JsonReader(utf8);
        for (int tokens = 0; reader.Read(); tokens++)
        {
            if (tokens == MostTokens)
            {
                throw new ReportFormatException(
                    $"{what} '{path}' has more than {MostTokens.ToString(CultureInfo.InvariantCulture)} values, the most that is read: give the JSON of a single run.");
            }

            if (reader.ValueSpan.Length > LongestText)
            {
                throw new ReportFormatException(
                    $"{what} '{path}' has a text of {reader.ValueSpan.Length.ToString(CultureInfo.InvariantCulture)} bytes, "
                    + $"expected at most {LongestText.ToString(CultureInfo.InvariantCulture)}: shorten it.");
            }
        }
    }

    /// <summary>The place of the first null inside a list, such as <c>.results[3]</c>; null without one. Lists promise elements; the serializer checks properties only.</summary>
    public static string? NullInList(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            int index = 0;
            foreach (JsonElement item in element.EnumerateArray())
            {
                if ((item.ValueKind == JsonValueKind.Null ? "" : NullInList(item)) is { } rest)
                {
                    return string.Create(CultureInfo.InvariantCulture, $"[{index}]{rest}");
                }

                index++;
            }
        }
        else if (element.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty property in element.EnumerateObject())
            {
                if (NullInList(property.Value) is { } rest)
                {
                    return $".{property.Name}{rest}";
                }
            }
        }

        return null;
    }
}
