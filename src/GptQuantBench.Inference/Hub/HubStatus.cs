using System.Net;
using System.Net.Http.Headers;

namespace GptQuantBench.Inference.Hub;

/// <summary>What an answer's status means for the user.</summary>
internal static class HubStatus
{
    /// <summary>The error of an answer that is not what was asked for.</summary>
    /// <param name="response">The answer.</param>
    /// <param name="options">The hub.</param>
    /// <param name="model">The model.</param>
    /// <param name="what">The file, or the list of files.</param>
    public static HubException Error(HttpResponseMessage response, HubOptions options, HubModelId model, string what)
    {
        int status = (int)response.StatusCode;
        string start = $"{options.EndpointText} answers {status} for {what} of {model}: ";
        string token = options.Token is null ? "set HF_TOKEN" : "check that HF_TOKEN belongs to an account that may read it";
        return response.StatusCode switch
        {
            // The hub does not tell strangers which names exist.
            HttpStatusCode.Unauthorized => new(start + $"there is no such model, or it needs a token; check the name, or {token}."),
            HttpStatusCode.Forbidden => new(start + $"access is not granted; accept the model's terms on its page, and {token}."),
            HttpStatusCode.NotFound => new(start + "there is no such model or revision; check the name."),
            HttpStatusCode.TooManyRequests => Later(start + "too many requests; try again later, or set HF_TOKEN.", response.Headers),
            HttpStatusCode.RequestTimeout => Later(start + "the request took too long; try again later.", response.Headers),
            _ when status >= 500 => Later(start + "the hub has a fault of its own; try again later.", response.Headers),
            _ => new(start + "this program does not know what to do with it; check HF_ENDPOINT."),
        };
    }

    private static HubException Later(string message, HttpResponseHeaders headers)
    {
        TimeSpan? wait = headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - DateTimeOffset.UtcNow,
            _ => null,
        };
        return new HubException(message) { IsTransient = true, RetryAfter = wait > TimeSpan.Zero ? wait : null };
    }
}
