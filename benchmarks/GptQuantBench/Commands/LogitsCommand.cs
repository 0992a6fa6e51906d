using System.CommandLine;
using System.Numerics.Tensors;
using System.Text.Json;
using GptQuantBench.Benchmarks;
using GptQuantBench.Inference.Evaluation;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Commands;

/// <summary><c>logits</c>: what the model says of each position of a list of ids, as one JSON object.</summary>
internal static class LogitsCommand
{
    private static readonly Option[] _options = [.. VerbModel.ModelOptions, Options.Ids, Options.Quantization, .. Options.Machine];

    /// <summary>Runs; returns the exit code.</summary>
    public static int Execute(string[] arguments)
    {
        var result = VerbParser.Parse(Verbs.Logits, _options, arguments);
        if (result.GetValue(Options.Help))
        {
            return HelpPage.WriteVerb(
                Verbs.Logits,
                "Writes argmax and logsumexp of every position and all logits of the last one, as one JSON object.",
                _options,
                "--model-path DIR --ids \"464 2003 286\" --quantization 4-bit");
        }

        var ids = IdList.Parse(result.GetValue(Options.Ids) ?? throw new UserErrorException("Option --ids is missing; give token ids, such as --ids \"464 2003\"."));
        var format = QuantizationFormat.Parse(result.GetValue(Options.Quantization) ?? "FP16");
        using var files = VerbModel.Open(result);
        PromptCheck.Check(ids, 1, files.Opened.Location.Name, files.Opened.Configuration);

        using var model = files.Load(format);
        using var session = model.CreateSession(ids.Length);
        var vocabulary = model.Configuration.VocabularySize;
        var positions = new (int Argmax, double LogSumExp)[ids.Length];
        var last = new float[vocabulary];
        session.ComputeLogits(ids, (first, count, logits) =>
        {
            for (var i = 0; i < count; i++)
            {
                var row = logits.Slice(i * vocabulary, vocabulary);
                positions[first + i] = (TensorPrimitives.IndexOfMax(row), LogSumExp.Of(row));
                if (first + i == ids.Length - 1)
                {
                    row.CopyTo(last);
                }
            }
        });
        Write(ids, positions, last);
        return ExitCode.Success;
    }

    private static void Write(int[] ids, (int Argmax, double LogSumExp)[] positions, float[] logits)
    {
        using var stream = Console.OpenStandardOutput();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteStartArray("ids");
            foreach (var id in ids)
            {
                json.WriteNumberValue(id);
            }

            json.WriteEndArray();
            json.WriteStartArray("positions");
            foreach (var position in positions)
            {
                json.WriteStartObject();
                WritePosition(json, position);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartObject("last");
            WritePosition(json, positions[^1]);
            json.WriteStartArray("logits");
            foreach (var logit in logits)
            {
                json.WriteNumberValue(logit);
            }

            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndObject();
        }

        stream.Write("\n"u8);
    }

    private static void WritePosition(Utf8JsonWriter json, (int Argmax, double LogSumExp) position)
    {
        json.WriteNumber("argmax", position.Argmax);
        json.WriteNumber("logsumexp", position.LogSumExp);
    }
}
