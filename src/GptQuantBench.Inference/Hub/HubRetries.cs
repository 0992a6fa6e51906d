using Polly;
using Polly.Retry;

namespace GptQuantBench.Inference.Hub;

/// <summary>
/// Tries again what may succeed later, with growing pauses, or with those that the server asks for. The pipeline is Polly's, which
/// HttpClient's resilience handler wraps too; the handler ends at the head of an answer, and a download mostly breaks behind it.
/// </summary>
internal static class HubRetries
{
    /// <summary>The pipeline; <paramref name="progress"/> hears about each retry.</summary>
    public static ResiliencePipeline Pipeline(HubPatience patience, IHubProgress progress)
    {
        if (patience.Retries == 0)
        {
            return ResiliencePipeline.Empty;
        }

        return new ResiliencePipelineBuilder()
            .AddRetry(new RetryStrategyOptions
            {
                MaxRetryAttempts = patience.Retries,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = patience.FirstDelay,
                MaxDelay = patience.LongestDelay,
                ShouldHandle = new PredicateBuilder().Handle<HubException>(e => e.IsTransient && !(e.RetryAfter > patience.LongestDelay)),
                DelayGenerator = static retry => ValueTask.FromResult((retry.Outcome.Exception as HubException)?.RetryAfter),
                OnRetry = retry =>
                {
                    string reason = retry.Outcome.Exception!.Message;
                    progress.Notice($"{reason} Trying again in {retry.RetryDelay.TotalSeconds:0.#} s ({retry.AttemptNumber + 1} of {patience.Retries}).");
                    return ValueTask.CompletedTask;
                },
            })
            .Build();
    }
}
