using GptQuantBench.Inference.Backends.Cuda;

namespace GptQuantBench.Gpu.Tests.Backends;

/// <summary>The embedded PTX with a fault at the beginning of one kernel.</summary>
internal static class FaultyPtx
{
    /// <summary>Ends the kernel with an error, as a failed assertion does.</summary>
    public const string Trap = "trap;";

    /// <summary>Writes where nobody's memory is.</summary>
    public const string WildWrite = "{ .reg .b64 %wild; .reg .b32 %value; mov.u64 %wild, 16; mov.u32 %value, 0; st.global.u32 [%wild], %value; }";

    /// <summary>Writes a module for a kernel folder in which a kernel faults.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="file">Name of the PTX file.</param>
    /// <param name="kernel">Name of the kernel.</param>
    /// <param name="fault">PTX of the fault.</param>
    public static void Write(string folder, string file, string kernel, string fault) =>
        File.WriteAllText(Path.Combine(folder, file), Insert(Embedded(file), kernel, fault));

    /// <summary>The embedded text of a PTX file.</summary>
    public static string Embedded(string file)
    {
        using Stream stream = typeof(CudaBackend).Assembly.GetManifestResourceStream("ptx/" + file)!;
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }

    /// <summary>Puts PTX before the first instruction of a kernel, behind the declarations of its registers.</summary>
    public static string Insert(string ptx, string kernel, string fault)
    {
        int entry = ptx.IndexOf($".entry {kernel}(", StringComparison.Ordinal);
        Assert.True(entry >= 0, $"The PTX has no kernel {kernel}.");
        int line = ptx.IndexOf("\n{\n", entry, StringComparison.Ordinal) + 3;
        while (ptx.AsSpan(line).TrimStart(" \t") is var rest && (rest[0] is '.' or '\n' || rest.StartsWith("//")))
        {
            line = ptx.IndexOf('\n', line) + 1;
        }

        return ptx.Insert(line, $"\t{fault}\n");
    }
}
