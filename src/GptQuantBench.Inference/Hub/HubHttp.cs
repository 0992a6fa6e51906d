using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;

namespace GptQuantBench.Inference.Hub;

/// <summary>
/// Requests to a hub. Redirects are followed here and not by HttpClient, because the token may go to the hub alone: large files come
/// from other hosts, whose addresses carry a signature of their own.
/// </summary>
internal sealed class HubHttp : IDisposable
{
    private const int MostRedirects = 10;

    private readonly HubOptions _options;
    private readonly HubPatience _patience;
    private readonly HttpClient _client;

    public HubHttp(HubOptions options, HubPatience patience)
    {
        _options = options;
        _patience = patience;
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = patience.Connect,
            UseCookies = false,
        };
        _client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        string version = typeof(HubHttp).Assembly.GetName().Version?.ToString(3) ?? "0";
        _client.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("gptquantbench", version));
        // Lengths and ranges are those of the file, not of a compressed form.
        _client.DefaultRequestHeaders.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
    }

    /// <summary>The head of the answer; the body is read by the caller.</summary>
    /// <param name="path">Path and query below the endpoint, escaped.</param>
    /// <param name="configure">Adds headers.</param>
    /// <param name="cancellation">Ends the request.</param>
    /// <exception cref="HubException">There is no connection, no answer, or no end of redirects.</exception>
    public async Task<HttpResponseMessage> GetAsync(string path, Action<HttpRequestHeaders> configure, CancellationToken cancellation)
    {
        var address = new Uri($"{_options.Endpoint.AbsoluteUri.TrimEnd('/')}/{path}");
        for (int redirects = 0; ; redirects++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            configure(request.Headers);
            if (_options.Token is { } token && MaySeeToken(address))
            {
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            }

            HttpResponseMessage response = await SendAsync(request, cancellation).ConfigureAwait(false);
            if (!IsRedirect(response.StatusCode) || response.Headers.Location is not { } location)
            {
                return response;
            }

            response.Dispose();
            address = new Uri(address, location);
            bool isSafe = address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && _options.Endpoint.Scheme == Uri.UriSchemeHttp);
            if (!isSafe || redirects == MostRedirects)
            {
                string what = isSafe ? $"more than {MostRedirects} times" : "to an address that is not HTTPS";
                throw new HubException($"{_options.EndpointText} redirects {what}; check HF_ENDPOINT.");
            }
        }
    }

    /// <summary>Runs a part of the reading of a body under the limit for silence.</summary>
    public async Task<T> WithoutStallAsync<T>(Func<CancellationToken, ValueTask<T>> read, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(_patience.Stall);
        try
        {
            return await read(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw Transient($"{_options.EndpointText} sent nothing for {_patience.Stall.TotalSeconds:0.#} s; check the network.");
        }
        catch (Exception e) when (e is HttpIOException or IOException or SocketException)
        {
            throw Transient($"The connection to {_options.EndpointText} broke ({Reason(e)}); check the network.", e);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _client.Dispose();

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(_patience.Answer);
        try
        {
            return await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw Transient($"{_options.EndpointText} does not answer within {_patience.Answer.TotalSeconds:0.#} s; check the network.");
        }
        catch (HttpRequestException e)
        {
            throw Transient($"{_options.EndpointText} cannot be reached ({Reason(e)}); check the network.", e);
        }
    }

    /// <summary>The hub itself, over a connection that nobody reads along: HTTPS, or this machine.</summary>
    private bool MaySeeToken(Uri address) =>
        Uri.Compare(address, _options.Endpoint, UriComponents.SchemeAndServer, UriFormat.UriEscaped, StringComparison.OrdinalIgnoreCase) == 0
        && (address.Scheme == Uri.UriSchemeHttps || address.IsLoopback);

    private static bool IsRedirect(HttpStatusCode status) => status
        is HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther
        or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect;

    private static HubException Transient(string message, Exception? cause = null) => new(message, cause) { IsTransient = true };

    private static string Reason(Exception exception) => exception.GetBaseException().Message.ReplaceLineEndings(" ").TrimEnd('.', ' ');
}
