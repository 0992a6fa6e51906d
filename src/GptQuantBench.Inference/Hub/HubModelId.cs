using System.Text.RegularExpressions;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Hub;

/// <summary>A model on the hub, and which version of it.</summary>
/// <param name="RepositoryId"><c>owner/name</c>, or the bare name of one of the first models, such as <c>distilgpt2</c>.</param>
/// <param name="Revision">Branch, tag or commit.</param>
public sealed partial record HubModelId(string RepositoryId, string Revision)
{
    /// <summary>The branch that is meant where no revision is named.</summary>
    public const string DefaultRevision = "main";

    /// <summary>True where the revision is a whole commit, whose files never change.</summary>
    public bool IsPinned => HubHash.IsGitHash(Revision);

    /// <summary>
    /// Reads <c>name</c>, <c>owner/name</c> or either with <c>@revision</c>; names of the catalogue stand for their repository. What
    /// comes out can be part of an address and of a path: letters, digits, '-', '_' and '.', no part that begins with '.'.
    /// </summary>
    /// <exception cref="HubException">The text is something else.</exception>
    public static HubModelId Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int at = text.IndexOf('@', StringComparison.Ordinal);
        string repository = at < 0 ? text : text[..at];
        string revision = at < 0 ? DefaultRevision : text[(at + 1)..];
        if (text.Length > 200 || !Repository().IsMatch(repository) || !RevisionName().IsMatch(revision) || revision.Contains("..", StringComparison.Ordinal))
        {
            throw new HubException(
                $"{Quoted.Text(text)} is no model of the Hugging Face hub, expected a name such as gpt2, owner/name or owner/name@revision; check the name.");
        }

        CatalogueModel? known = ModelCatalogue.All.FirstOrDefault(model => string.Equals(model.Name, repository, StringComparison.OrdinalIgnoreCase));
        return new HubModelId(known?.RepositoryId ?? repository, revision);
    }

    /// <inheritdoc />
    public override string ToString() => Revision == DefaultRevision ? RepositoryId : $"{RepositoryId}@{Revision}";

    [GeneratedRegex(@"\A[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)?\z")]
    private static partial Regex Repository();

    [GeneratedRegex(@"\A[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*\z")]
    private static partial Regex RevisionName();
}
