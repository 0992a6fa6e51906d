using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace GptQuantBench.Inference.Hub;

/// <summary>
/// The hashes by which the hub names contents: SHA-256 for large files, git's object id (SHA-1 over "blob LENGTH\0" and the content)
/// for the others. Both are the ETag of the file, and the name of its blob in the cache.
/// </summary>
internal static class HubHash
{
    private const int Block = 1 << 20;

    /// <summary>True for 40 lower-case hexadecimal digits: a commit, or the id of a git object.</summary>
    public static bool IsGitHash(string? text) => IsHexadecimal(text, 40);

    /// <summary>True for 64 lower-case hexadecimal digits.</summary>
    public static bool IsSha256(string? text) => IsHexadecimal(text, 64);

    /// <summary>The SHA-256 of a file in lower-case hexadecimal.</summary>
    public static string Sha256(Stream content) => Of(HashAlgorithmName.SHA256, content, []);

    /// <summary>The id that git gives a file.</summary>
    public static string GitId(Stream content) => Of(
        HashAlgorithmName.SHA1, content, Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {content.Length}\0")));

    private static string Of(HashAlgorithmName algorithm, Stream content, byte[] prefix)
    {
        using var hash = IncrementalHash.CreateHash(algorithm);
        hash.AppendData(prefix);
        byte[] buffer = new byte[Block];
        int read;
        while ((read = content.Read(buffer)) > 0)
        {
            hash.AppendData(buffer, 0, read);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static bool IsHexadecimal(string? text, int length) =>
        text?.Length == length && text.All(c => c is (>= '0' and <= '9') or (>= 'a' and <= 'f'));
}
