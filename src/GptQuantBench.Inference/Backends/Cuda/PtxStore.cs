using System.Reflection;
using System.Text;
using GptQuantBench.Cuda;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>
/// The PTX of the kernels: embedded in this assembly, or from a folder that replaces some or all of it. A module has one file an
/// architecture, <c>name.sm_80.ptx</c> and <c>name.sm_90.ptx</c>; the newest one that the device runs is taken.
/// </summary>
internal sealed class PtxStore
{
    /// <summary>Folder whose PTX replaces the embedded one, where no option names one.</summary>
    public const string DirectoryVariable = "GPTQUANTBENCH_PTX_DIR";

    /// <summary><c>sm_80</c> forces the baseline.</summary>
    public const string ArchitectureVariable = "GPTQUANTBENCH_ARCH";

    private const string Baseline = "sm_80";
    private const string Hopper = "sm_90";

    // The persistent kernels', which later devices cannot run; everything else they can.
    private static readonly byte[] _hopperAlone = ".target sm_90a"u8.ToArray();
    private static readonly ComputeCapability _hopper = new(9, 0);

    private readonly string? _directory;
    private readonly ComputeCapability _capability;

    /// <summary>Decides folder and architecture.</summary>
    /// <param name="directory">Folder, or null for the variable's, or else the embedded PTX.</param>
    /// <param name="capability">The device's.</param>
    /// <exception cref="ModelFormatException">The folder is missing or empty, or the variable names another architecture.</exception>
    public PtxStore(string? directory, ComputeCapability capability)
    {
        _capability = capability;
        _directory = directory ?? Environment.GetEnvironmentVariable(DirectoryVariable);
        if (_directory is { Length: 0 })
        {
            _directory = null;
        }

        if (_directory is not null && (!Directory.Exists(_directory) || Directory.GetFiles(_directory, "*.ptx").Length == 0))
        {
            throw new ModelFormatException($"The kernel folder {Quoted.Text(_directory)} holds no PTX files; make them there with eng/kernels.sh or leave the option out.");
        }

        string? forced = Environment.GetEnvironmentVariable(ArchitectureVariable);
        Architecture = forced switch
        {
            null or "" => capability.Major >= 9 ? Hopper : Baseline,
            Baseline => Baseline,
            Hopper when capability.Major >= 9 => Hopper,
            _ => throw new ModelFormatException(
                $"{ArchitectureVariable} is {Quoted.Text(forced)}, but this device runs {(capability.Major >= 9 ? $"{Baseline} and {Hopper}" : Baseline)}; set one of these or unset it."),
        };
    }

    /// <summary>The architecture whose PTX is taken: <c>sm_80</c> or <c>sm_90</c>.</summary>
    public string Architecture { get; }

    /// <summary>Equal for stores that give the same PTX: place, architecture, and when the folder's files last changed.</summary>
    public string Identity => _directory is null
        ? Architecture
        : $"{Architecture} {_directory} {Directory.GetFiles(_directory, "*.ptx").Max(File.GetLastWriteTimeUtc).Ticks}";

    /// <summary>True where a module's kernels may start before the one ahead has ended.</summary>
    public static bool HasDependentLaunch(CudaModule module) => module.Name.Contains(Hopper, StringComparison.Ordinal);

    /// <summary>One sentence where a driver took the baseline's PTX of a module instead of the architecture's; else null.</summary>
    public static string? BaselineNotice(CudaModule module, string architecture) =>
        module.Name.Contains(architecture, StringComparison.Ordinal)
            ? null
            : $"The driver is too old for the PTX for {architecture}, so the kernels for {Baseline} run; a newer driver runs faster ones.";

    /// <summary>
    /// Compiles a module for the device; the baseline's where the driver is too old for the newer PTX, or the newer PTX is for other devices.
    /// </summary>
    /// <param name="context">Where it is loaded.</param>
    /// <param name="name">The module's, without architecture.</param>
    /// <param name="entry">The kernel that alone is compiled; null for all of the module's.</param>
    /// <exception cref="CudaJitException">The driver rejects the PTX.</exception>
    public CudaModule Load(CudaContext context, string name, string? entry = null)
    {
        (string file, byte[] ptx) = Choose(name);
        try
        {
            return new(context, Of(ptx), file);
        }
        catch (CudaJitException exception) when (exception.Result == CudaResult.UnsupportedPtxVersion && Architecture != Baseline)
        {
            (file, ptx) = Read(name, Baseline);
            return new(context, Of(ptx), file);
        }

        byte[] Of(byte[] text) => entry is null ? text : WithEntry(text, entry);
    }

    /// <summary>
    /// PTX without its other kernels: the driver compiles all that a module has, some seconds each. A kernel starts with a line of
    /// <c>.visible .entry name(</c> and ends with the next line that is a brace alone.
    /// </summary>
    /// <exception cref="InvalidOperationException">The PTX has no such kernel.</exception>
    internal static byte[] WithEntry(ReadOnlySpan<byte> ptx, string entry)
    {
        ReadOnlySpan<byte> start = "\n.visible .entry "u8, end = "\n}\n"u8, name = Encoding.ASCII.GetBytes(entry + "(");
        MemoryStream kept = new(ptx.Length);
        bool isFound = false;
        for (int at; (at = ptx.IndexOf(start)) >= 0;)
        {
            int length = ptx[at..].IndexOf(end);
            int behind = length < 0 ? ptx.Length : at + length + end.Length - 1;
            bool isWanted = ptx[(at + start.Length)..].StartsWith(name);
            isFound |= isWanted;
            kept.Write(ptx[..(isWanted ? behind : at)]);
            ptx = ptx[behind..];
        }

        kept.Write(ptx);
        return isFound ? kept.ToArray() : throw new InvalidOperationException($"The PTX has no kernel {entry}; make it again with eng/kernels.sh.");
    }

    /// <summary>The PTX file of a module that this device runs, and its text.</summary>
    internal (string File, byte[] Ptx) Choose(string name)
    {
        (string File, byte[] Ptx) newest = Read(name, Architecture);
        return _capability != _hopper && newest.Ptx.AsSpan().IndexOf(_hopperAlone) >= 0 ? Read(name, Baseline) : newest;
    }

    private (string File, byte[] Ptx) Read(string name, string architecture)
    {
        string file = $"{name}.{architecture}.ptx";
        if (_directory is not null && Path.Combine(_directory, file) is var path && File.Exists(path))
        {
            return (file, File.ReadAllBytes(path));
        }

        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("ptx/" + file)
            ?? throw new InvalidOperationException($"The assembly holds no {file}; build it again.");
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return (file, bytes);
    }
}
