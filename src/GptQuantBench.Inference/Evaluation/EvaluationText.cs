using System.Security.Cryptography;
using System.Text;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Evaluation;

/// <summary>A text to evaluate on or to calibrate with, and what identifies it.</summary>
/// <param name="FileName">Name of the file, without its folder.</param>
/// <param name="Sha256">SHA-256 of the file's bytes, lower-case hexadecimal.</param>
/// <param name="Content">The text as it is tokenised: once, as a whole.</param>
public sealed record EvaluationText(string FileName, string Sha256, string Content)
{
    /// <summary>Reads a UTF-8 file; a byte order mark is not text.</summary>
    /// <param name="path">The file.</param>
    /// <param name="joinsWikitext">Whether the lines are a dataset's rows; <see cref="JoinWikitext"/>.</param>
    /// <exception cref="ModelFormatException">It is missing, cannot be read, or is not UTF-8.</exception>
    public static EvaluationText Read(string path, bool joinsWikitext = false)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new ModelFormatException(
                $"The text {Quoted.Text(path)} can't be read ({ModelFiles.Reason(exception)}); name a UTF-8 text file.", exception);
        }

        try
        {
            string text = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true)
                .GetString(bytes).TrimStart('\uFEFF');
            return new(Path.GetFileName(path), Convert.ToHexStringLower(SHA256.HashData(bytes)), joinsWikitext ? JoinWikitext(text) : text);
        }
        catch (DecoderFallbackException exception)
        {
            throw new ModelFormatException($"The text {Quoted.Text(path)} is not UTF-8, expected a UTF-8 text file; convert it first.", exception);
        }
    }

    /// <summary>
    /// A raw WikiText file as Hugging Face's guide to the perplexity of fixed-length models tokenises the dataset: a row a line, with
    /// its line break but empty where the line is blank, and two line breaks between rows.
    /// </summary>
    public static string JoinWikitext(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] lines = text.Split('\n');
        int count = lines[^1].Length == 0 ? lines.Length - 1 : lines.Length;
        return string.Join("\n\n", lines.Take(count).Select((line, i) =>
            string.IsNullOrWhiteSpace(line) ? "" : i < lines.Length - 1 ? line + "\n" : line));
    }
}
