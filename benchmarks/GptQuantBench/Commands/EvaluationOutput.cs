using System.Globalization;
using System.Text.Json;
using GptQuantBench.Inference.Evaluation;
using GptQuantBench.Inference.Quantization;
using GptQuantBench.Reporting.Terminal;
using Spectre.Console;

namespace GptQuantBench.Commands;

/// <summary>The result of <c>evaluate</c> as JSON or as a table, with the protocol that it was made by.</summary>
/// <param name="Text">The file.</param>
/// <param name="Sha256">Of its bytes, lower-case hexadecimal.</param>
/// <param name="Tokens">Its length in tokens.</param>
/// <param name="Results">One for each format, in the order asked for.</param>
internal sealed record EvaluationOutput(string Text, string Sha256, int Tokens, IReadOnlyList<(QuantizationFormat Format, PerplexityResult Result)> Results)
{
    /// <summary>One JSON object on stdout.</summary>
    public void WriteJson()
    {
        using var stream = Console.OpenStandardOutput();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("text_sha256", Sha256);
            json.WriteNumber("window", Results[0].Result.Window);
            json.WriteNumber("stride", Results[0].Result.Stride);
            json.WriteNumber("scored_tokens", Results[0].Result.ScoredTokens);
            json.WriteStartArray("results");
            foreach (var (format, result) in Results)
            {
                json.WriteStartObject();
                json.WriteString("quantization", format.Label);
                json.WriteNumber("mean_nll", result.MeanNegativeLogLikelihood);
                json.WriteNumber("perplexity", result.Perplexity);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        stream.Write("\n"u8);
    }

    /// <summary>A table on stdout; the first format is what the others are compared with.</summary>
    public void WriteTable()
    {
        var first = Results[0];
        Console.WriteLine($"{Text} (sha256 {Sha256[..16]}...): {Tokens} tokens, {first.Result.ScoredTokens} scored, window and stride {first.Result.Window}");
        var table = new Table().Border(TableBorder.Simple).AddColumns("Format", "Mean NLL", "Perplexity", $"vs {first.Format.Label}");
        foreach (var (format, result) in Results)
        {
            table.AddRow(
                Markup.Escape(format.Label),
                result.MeanNegativeLogLikelihood.ToString("F6", CultureInfo.InvariantCulture),
                result.Perplexity.ToString("F3", CultureInfo.InvariantCulture),
                (result.Perplexity / first.Result.Perplexity - 1).ToString("+0.00 %;-0.00 %", CultureInfo.InvariantCulture));
        }

        ReportConsole.ForStandardOutput().Write(table);
    }
}
