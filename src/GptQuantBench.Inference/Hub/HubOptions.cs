using GptQuantBench.Inference.Checkpoints;

namespace GptQuantBench.Inference.Hub;

/// <summary>Where the hub and its cache are, by the environment variables of huggingface_hub.</summary>
public sealed record HubOptions
{
    private const string DefaultEndpoint = "https://huggingface.co";

    private static readonly string[] _true = ["1", "ON", "YES", "TRUE"];

    /// <summary>Address of the hub, without a user name or a query (HF_ENDPOINT).</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>The cache that transformers shares (HF_HUB_CACHE, HF_HOME).</summary>
    public required string CacheFolder { get; init; }

    /// <summary>True where the user wants no request at all (HF_HUB_OFFLINE, TRANSFORMERS_OFFLINE).</summary>
    public bool IsOffline { get; init; }

    /// <summary>The token for models that need one (HF_TOKEN), or null. It goes into a request's header and nowhere else.</summary>
    internal string? Token { get; init; }

    /// <summary>The address as messages name it.</summary>
    public string EndpointText => Endpoint.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped).TrimEnd('/');

    /// <summary>Reads the environment.</summary>
    /// <param name="environment">The value of an environment variable, or null.</param>
    /// <exception cref="HubException">HF_ENDPOINT or HF_TOKEN cannot be used, or there is no place for a cache.</exception>
    public static HubOptions FromEnvironment(Func<string, string?> environment)
    {
        ArgumentNullException.ThrowIfNull(environment);
        string? Value(string name) => environment(name)?.Trim() is { Length: > 0 } value ? value : null;

        // The address may hold a password, so a wrong one is not repeated.
        if (!Uri.TryCreate(Value("HF_ENDPOINT") ?? DefaultEndpoint, UriKind.Absolute, out Uri? endpoint)
            || (endpoint.Scheme != Uri.UriSchemeHttps && endpoint.Scheme != Uri.UriSchemeHttp)
            || endpoint.UserInfo.Length > 0 || endpoint.Query.Length > 0 || endpoint.Fragment.Length > 0)
        {
            throw new HubException($"HF_ENDPOINT is not the address of a hub, expected one such as {DefaultEndpoint}; correct or unset it.");
        }

        string? token = Value("HF_TOKEN");
        if (token is not null && !token.All(c => c is > ' ' and <= '~'))
        {
            throw new HubException("HF_TOKEN holds characters that no token has, expected one such as hf_...; correct or unset it.");
        }

        return new HubOptions
        {
            Endpoint = endpoint,
            CacheFolder = HuggingFaceCache.Folder(environment) is { } folder
                ? Path.GetFullPath(folder)
                : throw new HubException("There is no home folder for the Hugging Face cache; name a folder with HF_HOME."),
            IsOffline = IsTrue(Value("HF_HUB_OFFLINE")) || IsTrue(Value("TRANSFORMERS_OFFLINE")),
            Token = token,
        };
    }

    /// <summary>Says where the hub is, and not what the token is.</summary>
    public override string ToString() => $"{EndpointText}, cache {CacheFolder}";

    private static bool IsTrue(string? value) => _true.Contains(value, StringComparer.OrdinalIgnoreCase);
}
