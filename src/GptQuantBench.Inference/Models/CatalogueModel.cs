namespace GptQuantBench.Inference.Models;

/// <summary>A published model that can be asked for by name.</summary>
/// <param name="Name">Name on the command line and in reports, e.g. <c>gpt2-medium</c>.</param>
/// <param name="RepositoryId">Hugging Face repository, e.g. <c>openai-community/gpt2-medium</c>.</param>
/// <param name="Configuration">The sizes, as in the repository's config.json.</param>
public sealed record CatalogueModel(string Name, string RepositoryId, ModelConfiguration Configuration);
