using System.Text;

namespace GptQuantBench.Fuzz;

/// <summary>
/// Large files that cost a reader the most for their length: nothing but short values, keys, names or lines. A fuzzer's inputs are too
/// small to show it.
/// </summary>
internal static class LargeInputs
{
    /// <summary>Name of each target, of what is large, and the file with about so many bytes.</summary>
    public static IReadOnlyDictionary<(string Target, string What), Func<int, byte[]>> All { get; } = new Dictionary<(string, string), Func<int, byte[]>>
    {
        [("safetensors", "name")] = size => Safetensors($"{{\"{new string('a', size)}\":{Entry}}}"),
        [("safetensors", "names")] = size => Safetensors($"{{{Numbered(size, Entry, width: 200)}}}"),
        [("safetensors", "tensors")] = size => Safetensors($"{{{Numbered(size, Entry)}}}"),
        [("safetensors", "shapes")] = size => Safetensors($"{{{Numbered(size, Shaped)}}}"),
        [("safetensors", "metadata")] = size => Safetensors($"{{\"__metadata__\":{{{Numbered(size, "\"\"")}}}}}"),
        [("safetensors", "metadata value")] = size => Safetensors($"{{\"__metadata__\":{{\"a\":\"{new string('a', size)}\"}}}}"),
        [("config", "values")] = size => Text($"{{\"a\":[{Repeated("0,", size)}0]}}"),
        [("config", "keys")] = size => Text($"{{{Numbered(size, "0")}}}"),
        [("config", "string")] = size => Text($"{{\"model_type\":\"{new string('a', size)}\"}}"),
        [("config", "spaces")] = size => Text($"{{{new string(' ', size)}}}"),
        [("index", "values")] = size => Text($"{{\"weight_map\":{{\"a\":[{Repeated("0,", size)}0]}}}}"),
        [("index", "entries")] = size => Text($"{{\"weight_map\":{{{Numbered(size, "\"model-00001-of-00002.safetensors\"")}}}}}"),
        [("index", "name")] = size => Text($"{{\"weight_map\":{{\"{new string('a', size)}\":\"model-00001-of-00002.safetensors\"}}}}"),
        [("vocabulary", "token")] = size => Vocabulary($",\"{new string('a', size)}\":299", ""),
        [(FuzzTarget.LargeVocabulary, "tokens")] = size => Vocabulary(Tokens(size, width: 1), ""),
        [(FuzzTarget.LargeVocabulary, "long tokens")] = size => Vocabulary(Tokens(size, width: 200_000), ""),
        [(FuzzTarget.LargeVocabulary, "foreign tokens")] = size => Vocabulary(Tokens(size, width: 1, more: "€"), ""),
        [("vocabulary", "lines")] = size => Vocabulary("", Repeated("\n", size)),
        [("vocabulary", "line")] = size => Vocabulary("", new string('a', size)),
        [("report", "values")] = size => Text($"{{\"results\":[],\"a\":[{Repeated("0,", size)}0]}}"),
        [("report", "notices")] = size => Text($"{{\"results\":[],\"metadata\":{{\"notices\":[{Repeated("\"\",", size)}\"\"]}}}}"),
        [("report", "samples")] = size => Text(Case($"\"samples\":{{\"load_time_sec\":[[{Repeated("1,", size)}1]]}}")),
        [("report", "processes")] = size => Text(Case($"\"samples\":{{\"load_time_sec\":[{Repeated("[1],", size)}[1]]}}")),
        [("report", "ids")] = size => Text(Case($"\"generated_ids\":[{Repeated("1,", size)}1]")),
        [("report", "text")] = size => Text(Case($"\"generated_text\":\"{new string('a', size)}\"")),
        [("report", "error")] = size => Text(Case($"\"error\":\"{new string('a', size)}\"").Replace("\"success\":true", "\"success\":false", StringComparison.Ordinal)),
        [("report", "cases")] = size => Text($"{{\"results\":[{Repeated(PlainCase + ",", size)}{PlainCase}]}}"),
        [("comparison", "cases")] = size => Text($"{{\"base\":{{}},\"new\":{{}},\"threshold\":0.03,\"cases\":[{Repeated("{\"model_name\":\"a\",\"quantization\":\"b\"},", size)}{{\"model_name\":\"a\",\"quantization\":\"b\"}}]}}"),
        [("comparison", "warnings")] = size => Text($"{{\"base\":{{}},\"new\":{{}},\"threshold\":0.03,\"warnings\":[{Repeated("\"\",", size)}\"\"]}}"),
    };

    private const string Entry = "{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}";

    private const string Shaped = "{\"dtype\":\"F32\",\"shape\":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0],\"data_offsets\":[0,0]}";

    private const string PlainCase =
        "{\"model_name\":\"a\",\"quantization\":\"FP16\",\"load_time_sec\":1,\"memory_gb\":1,\"first_token_latency_ms\":1,\"throughput_tokens_per_sec\":1,\"total_inference_time_sec\":1,\"num_tokens_generated\":1,\"success\":true}";

    private static string Case(string more) => $"{{\"results\":[{PlainCase[..^1]},{more}}}]}}";

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);

    private static string Repeated(string text, int size) => new StringBuilder().Insert(0, text, size / text.Length).ToString();

    /// <summary>Entries with keys of their own.</summary>
    private static string Numbered(int size, string value, int width = 1)
    {
        var text = new StringBuilder();
        for (var i = 0; text.Length < size; i++)
        {
            text.Append(i == 0 ? "\"" : ",\"").Append($"{i:x}".PadLeft(width, '0')).Append("\":").Append(value);
        }

        return text.ToString();
    }

    /// <summary>Tokens of a vocabulary behind those of the 256 bytes.</summary>
    private static string Tokens(int size, int width, string more = "")
    {
        var text = new StringBuilder();
        for (var id = 300; text.Length < size; id++)
        {
            text.Append(",\"").Append($"{id:x4}".PadLeft(width, 'a')).Append(more).Append("\":").Append(id);
        }

        return text.ToString();
    }

    private static byte[] Safetensors(string header)
    {
        var json = Encoding.UTF8.GetBytes(header);
        return [.. BitConverter.GetBytes((ulong)json.Length), .. json];
    }

    private static byte[] Vocabulary(string tokens, string merges)
    {
        var small = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "corpus", "vocabulary", "no-merges")).TrimEnd('\0', '\n', ' ');
        return Text(small[..small.LastIndexOf('}')] + tokens + "}\0#version: 0.2\n" + merges);
    }
}
