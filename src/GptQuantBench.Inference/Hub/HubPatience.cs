namespace GptQuantBench.Inference.Hub;

/// <summary>How long a download waits for a hub that does not answer as it should.</summary>
/// <param name="Connect">For a connection.</param>
/// <param name="Answer">For the head of an answer.</param>
/// <param name="Stall">Without a single byte of a body.</param>
/// <param name="Retries">Attempts after the first that bring nothing new.</param>
/// <param name="FirstDelay">Before the first retry; each further one waits about twice as long.</param>
/// <param name="LongestDelay">Longest wait between attempts, also where the server asks for more.</param>
public sealed record HubPatience(TimeSpan Connect, TimeSpan Answer, TimeSpan Stall, int Retries, TimeSpan FirstDelay, TimeSpan LongestDelay)
{
    /// <summary>For a user who asked for the model.</summary>
    public static HubPatience Patient { get; } = new(
        Connect: TimeSpan.FromSeconds(15),
        Answer: TimeSpan.FromSeconds(30),
        Stall: TimeSpan.FromSeconds(30),
        Retries: 5,
        FirstDelay: TimeSpan.FromSeconds(1),
        LongestDelay: TimeSpan.FromSeconds(60));

    /// <summary>For a run that can do without: a hub that is out of reach costs less than three seconds.</summary>
    public static HubPatience Short { get; } = new(
        Connect: TimeSpan.FromSeconds(2),
        Answer: TimeSpan.FromSeconds(2.5),
        Stall: TimeSpan.FromSeconds(15),
        Retries: 0,
        FirstDelay: TimeSpan.Zero,
        LongestDelay: TimeSpan.Zero);
}
