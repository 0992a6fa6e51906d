namespace GptQuantBench.Reporting.Figures;

/// <summary>A figure that a lesson needs and the report lacks.</summary>
/// <param name="Lesson">The lesson, as its table calls it.</param>
/// <param name="Key">The figure's key in the JSON.</param>
public sealed record MissingInput(string Lesson, string Key)
{
    internal static IEnumerable<MissingInput> Among(string lesson, params (string Key, double? Value)[] inputs) =>
        inputs.Where(input => Ratio.Finite(input.Value) is null).Select(input => new MissingInput(lesson, input.Key));
}
