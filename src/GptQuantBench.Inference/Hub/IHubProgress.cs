namespace GptQuantBench.Inference.Hub;

/// <summary>Is told how a download goes on; files come in parallel, so calls come from several threads.</summary>
public interface IHubProgress
{
    /// <summary>A file is about to be fetched.</summary>
    /// <param name="file">The file.</param>
    /// <param name="presentBytes">What an earlier download left of it.</param>
    void Started(HubFile file, long presentBytes);

    /// <summary>There are <paramref name="presentBytes"/> of the file now; fewer than before where it had to start again.</summary>
    void Advanced(HubFile file, long presentBytes);

    /// <summary>The file is complete, verified and in its place.</summary>
    void Finished(HubFile file);

    /// <summary>One sentence about something that takes time: a retry, another process.</summary>
    void Notice(string text);
}
