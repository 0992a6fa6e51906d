using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Quantization;
using GptQuantBench.Inference.Sampling;

namespace GptQuantBench.Gpu.Tests.Backends;

/// <summary>
/// A generation with kernels of which one faults, in a process of its own: <c>kernel-fault,MODULE,KERNEL,DECODE,FAULT,fast|checked</c>.
/// </summary>
internal static class FaultScenario
{
    /// <summary>First part of the scenario's name.</summary>
    public const string Prefix = "kernel-fault";

    private static readonly int[] _prompt = [464, 2003, 286, 9552, 318];

    /// <summary>The scenario's name.</summary>
    public static string Name(string module, string kernel, string decode, string fault, bool launchByLaunch) =>
        string.Join(',', Prefix, module, kernel, decode, fault, launchByLaunch ? "checked" : "fast");

    /// <summary>Runs; prints what the backend says of the error.</summary>
    public static void Run(string scenario)
    {
        string[] parts = scenario.Split(',');
        (string module, string kernel, string decode) = (parts[1], parts[2], parts[3]);
        string folder = Directory.CreateTempSubdirectory("gptquantbench-ptx-").FullName;
        IBackend backend = BackendRegistry.Find("cuda");
        BackendOptions options = new(Decode: decode, KernelDirectory: folder, LaunchByLaunch: parts[5] == "checked");
        try
        {
            foreach (string architecture in (string[])["sm_80", "sm_90"])
            {
                FaultyPtx.Write(folder, $"{module}.{architecture}.ptx", kernel, parts[4] == "trap" ? FaultyPtx.Trap : FaultyPtx.WildWrite);
            }

            using OpenedModel model = OpenedModel.Open(ModelLocator.FromDirectory(Path.Combine(Fixtures.Root, "gpt2-nano")));
            using ILanguageModel loaded = backend.Load(model, QuantizationFormat.EightBit, options);
            using IDecodingSession session = loaded.CreateSession(64);
            session.Generate(_prompt, new int[10], new SamplingOptions(0.8f, 0.9f, 42));
            Console.WriteLine("error: none");
        }
        catch (Exception exception)
        {
            DeviceFault? fault = backend.FaultOf(exception, options);
            Console.WriteLine($"error: {exception.Message}");
            Console.WriteLine($"fault: {fault is not null}");
            Console.WriteLine($"kernel: {fault?.Kernel}");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
