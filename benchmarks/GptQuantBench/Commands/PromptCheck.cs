using GptQuantBench.Benchmarks;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Commands;

/// <summary>Makes sure before any case starts that the prompt can be run by every model.</summary>
internal static class PromptCheck
{
    /// <summary>The settings, with the default ids in place of the default prompt for a model that works on ids only.</summary>
    public static RunSettings Apply(RunSettings settings, bool isDefaultPrompt, string defaultIds, Action<string> notify)
    {
        foreach (var location in settings.Models)
        {
            using var opened = OpenedModel.Open(location);
            if (opened.Tokenizer is null && isDefaultPrompt)
            {
                notify($"{location.Name} has no vocabulary and works on ids only; the prompt is the ids {defaultIds}.");
                settings = settings with { Prompt = defaultIds };
            }

            Check(LoadedCase.PromptIds(opened.Tokenizer, settings), settings.Tokens, location.Name, opened.Configuration);
        }

        return settings;
    }

    /// <summary>Checks length and range of a prompt's ids.</summary>
    /// <exception cref="UserErrorException">The prompt is empty or too long, or an id is outside the vocabulary.</exception>
    public static void Check(ReadOnlySpan<int> ids, int tokens, string model, ModelConfiguration configuration)
    {
        if (ids.Length == 0)
        {
            throw new UserErrorException("The prompt is empty; give at least one token with --prompt.");
        }

        // The last id is not fed back, so it needs no position.
        var positions = (long)ids.Length + tokens - 1;
        if (positions > configuration.ContextLength)
        {
            throw new UserErrorException(
                $"The prompt of {ids.Length} tokens with {tokens} to generate needs {positions} positions; {model} has {configuration.ContextLength}; "
                + "shorten --prompt or lower --tokens.");
        }

        foreach (var id in ids)
        {
            if ((uint)id >= (uint)configuration.VocabularySize)
            {
                throw new UserErrorException($"Id {id} is outside the vocabulary of {model}; expected 0 to {configuration.VocabularySize - 1}.");
            }
        }
    }
}
